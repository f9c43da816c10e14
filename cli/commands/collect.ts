import { join } from "node:path";
import { type Access, accessTo } from "../../collect/access.ts";
import { listRunJobs } from "../../collect/jobs.ts";
import { hasNamespace, removeResults } from "../../collect/removeResults.ts";
import { collectUsage } from "../../collect/usage.ts";
import { namespaceOf, resultsNamespaceOf } from "../../components/names.ts";
import { PROJECT_ROOT } from "../../components/settings.ts";
import { collectKept } from "../collectKept.ts";
import type { Run } from "../command.ts";
import { RunFailure, UserError } from "../exit.ts";
import { reportText, saveReport } from "../finish.ts";
import { keptInBucket, keptInCluster } from "../keptPlace.ts";
import { RunFolder } from "../runFolder.ts";
import { accessOf, optionsFor } from "../target.ts";

const collect: Run<"collect"> = async (args, context) => {
  const { stack, keep, json } = args;
  const { screen, signal, print } = context;
  const bucket = await keptInBucket(stack);
  // What is in a bucket needs no cluster, which may be gone.
  const access = bucket === null ? accessOf(args) : null;
  const source = bucket ?? (await keptInCluster(access!, stack, signal));
  if (source === null) {
    throw new UserError(`Nothing is kept of stack "${stack}": the cluster has no namespace ${resultsNamespaceOf(stack)}, and Pulumi.${stack}.yaml names no bucket (results, docs/results.md). What was collected before is under runs/${stack}/.`);
  }
  const isUp = access !== null && (await hasNamespace(access, namespaceOf(stack)));
  const folder = RunFolder.create(join(PROJECT_ROOT, "runs"), stack, new Date(), []);
  const { runs, problems } = await collectKept(source, folder, context);
  if (runs.length === 0) throw new UserError(`${source.what} holds nothing of a run. ${keep || isUp || access === null ? "" : `Remove it: kubectl delete namespace ${resultsNamespaceOf(stack)}`}`);
  if (isUp) folder.addUsage(await collectUsage(access!, new Date()));
  const { report, files } = await saveReport({ stack, folder, jobs: isUp ? await listRunJobs(access!) : [], phases: {}, inventoryAfter: null });
  print(json ? JSON.stringify(report, null, 2) : reportText(report, files));
  if (problems.length > 0) {
    throw new RunFailure(`Not everything was copied as its run has put it there, so ${source.what} stays as it is:\n${problems.map((problem) => `  ${problem}`).join("\n")}\nTry again: rewardlab collect ${optionsFor(args)}`);
  }
  if (access !== null) await giveBack(access, stack, isUp, keep ?? false, context);
};

/** Removes what was copied, unless a stack that is up still writes there. */
async function giveBack(access: Access, stack: string, isUp: boolean, keep: boolean, { screen, signal }: Parameters<Run<"collect">>[1]): Promise<void> {
  const namespace = resultsNamespaceOf(stack);
  if (isUp) return screen.line(`stack ${stack} is up, so namespace ${namespace} stays; rewardlab down collects once more and removes both`);
  if (keep) return screen.line(`namespace ${namespace} stays (--keep)`);
  await removeResults(accessTo(access.config, namespace), signal);
  screen.line(`namespace ${namespace} is removed: its results are in this folder alone now`);
}

export default collect;
