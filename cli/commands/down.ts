import { accessTo, type Access } from "../../collect/access.ts";
import { namespaceOf } from "../../components/names.ts";
import { readStackSettings } from "../../components/settings.ts";
import { heldLines } from "../clusterInventory.ts";
import { lookAt } from "../clusterLink.ts";
import { collectLast } from "../collectRuns.ts";
import type { Run, VerbContext } from "../command.ts";
import { runEngine } from "../engineStack.ts";
import { RunFailure } from "../exit.ts";
import { saveReport } from "../finish.ts";
import { releaseTaints } from "../nodeTaints.ts";
import { demandOwnCluster, runPulumi } from "../pulumiCli.ts";
import { sessionOf } from "../session.ts";
import type { StackSession } from "../stackSession.ts";
import { contextOf } from "../target.ts";
import { ClusterUnreachable, demandAnswer, withoutCluster } from "../unreachable.ts";

/** A stack that can be destroyed, and looked at afterwards. */
interface Teardown {
  access: Access;
  destroy: () => Promise<unknown>;
  /** One line for each thing that is left, and how to remove it. */
  left: (destroyed: boolean) => Promise<string[]>;
}

/** Stops the writers, collects, destroys, removes the results that were copied, and shows what is left: whatever came of it, since that matters most when it failed. */
const down: Run<"down"> = async (args, context) => {
  const session = sessionOf(args, context);
  const opened = session === null ? ownPulumi(args.stack, args.yes ?? false, context) : ownEngine(session, context);
  const { access, destroy, left } = await opened.catch(async (error: unknown) => {
    throw error instanceof ClusterUnreachable ? await withoutCluster(error, args, context) : error;
  });
  const collected = await collectLast(access, args.stack, context);
  const save = async (inventoryAfter: string[] | null) => collected && saveReport({ stack: args.stack, folder: collected.folder, jobs: collected.jobs, phases: {}, inventoryAfter });
  await save(null);
  const failure = await destroy().then(() => collected?.removeKept()).then(() => null, (error: unknown) => error);
  context.signal.throwIfAborted();
  const lines = await left(failure === null).catch((error: unknown) => { throw failure ?? error; });
  const saved = await save(lines);
  if (saved) context.screen.line(`results and inventory: ${saved.files.html}`);
  if (lines.length > 0) {
    const why = failure instanceof Error ? `${failure.message}\n` : "";
    throw new RunFailure(`${why}Left after the teardown:\n${lines.map((line) => `  ${line}`).join("\n")}${session && args.context === undefined ? "\nOr remove everything with: npm start -- --clean" : ""}`);
  }
  if (failure !== null) throw failure;
  context.screen.line("nothing is left");
};

/** A stack that this program's own engine runs. After a failed destruction its cluster stays up, to be looked at. */
async function ownEngine(session: StackSession, context: VerbContext): Promise<Teardown> {
  const access = session.access();
  const engine = await session.running();
  await demandAnswer(access);
  return { access, destroy: async () => engine && runEngine(engine, "destroy", context), left: (destroyed) => (destroyed ? session.stop() : session.held()) };
}

/** A stack that the user's own Pulumi runs. */
async function ownPulumi(stack: string, yes: boolean, { screen, signal }: VerbContext): Promise<Teardown> {
  const { kubeconfig, context } = readStackSettings(stack).cluster;
  const cluster = contextOf(stack, context);
  await demandOwnCluster(stack, { name: cluster.name, uid: (await lookAt(cluster)).uid });
  const kubectl = ["kubectl", ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]), "--context", cluster.name].join(" ");
  return {
    access: accessTo(cluster.config, namespaceOf(stack)),
    destroy: () => runPulumi(["destroy", "--stack", stack, ...(yes ? ["--yes"] : [])], signal),
    left: async (destroyed) => {
      if (destroyed) await releaseTaints(cluster.config, screen);
      return heldLines(cluster.config, stack, kubectl, screen);
    },
  };
}

export default down;
