import { join, relative } from "node:path";
import { ApiException } from "@kubernetes/client-node";
import type { Access } from "../collect/access.ts";
import { namespaceOf, resultsNamespaceOf } from "../components/names.ts";
import { folders, PROJECT_ROOT } from "../components/settings.ts";
import { collectKept } from "./collectKept.ts";
import type { VerbContext } from "./command.ts";
import { ContextState } from "./contextState.ts";
import { EMBEDDED } from "./embeddedName.ts";
import { RunFailure } from "./exit.ts";
import { saveReport } from "./finish.ts";
import { keptInBucket } from "./keptPlace.ts";
import { newestFolder, RunFolder } from "./runFolder.ts";
import { optionsFor, type Target } from "./target.ts";

/** A cluster does not answer at all: what is on it is neither stopped nor gone. */
export class ClusterUnreachable extends RunFailure {}

/** Throws ClusterUnreachable when the API server gives no answer; one that refuses is there. */
export async function demandAnswer({ core, config }: Access): Promise<void> {
  await core.readNamespace({ name: "kube-system" }).catch((error: unknown) => {
    if (error instanceof ApiException) return;
    throw new ClusterUnreachable(`The cluster at ${config.getCurrentCluster()?.server} cannot be reached: ${reasonOf(error)}`);
  });
}

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
};

/**
 * What a teardown of a stack comes to whose cluster does not answer: what was not done, where its results are (those in a
 * bucket are collected), and what to do.
 */
export async function withoutCluster(error: ClusterUnreachable, target: Target, context: VerbContext): Promise<RunFailure> {
  const { stack } = target;
  return new ClusterUnreachable([
    error.message.replace(/ ?Nothing was changed\.$/, ""),
    `Not done: the runs of stack "${stack}" were not stopped, and nothing was destroyed. What it has in namespace ${namespaceOf(stack)}, and the nodes that it uses, may be there still and cost on.`,
    `Results: ${await whereResultsAre(stack, context)}`,
    `When the cluster answers again: rewardlab down ${optionsFor(target)}`,
    `If it is gone for good, with its nodes (look in the cloud's own console): ${forgetting(target)}`,
  ].join("\n"));
}

async function whereResultsAre(stack: string, context: VerbContext): Promise<string> {
  const root = join(PROJECT_ROOT, "runs");
  const before = await newestFolder(root, stack);
  const saved = before === null ? "" : `; what was collected before is in ${relative(PROJECT_ROOT, before)}`;
  const bucket = await keptInBucket(stack);
  if (bucket === null) return `those of its claim, if it has one, are in namespace ${resultsNamespaceOf(stack)} of that cluster${saved || ", and none was collected before"}`;
  const folder = RunFolder.create(root, stack, new Date(), []);
  const { runs, problems } = await collectKept(bucket, folder, context);
  if (runs.length === 0) return `${bucket.what} holds none of this stack${saved}`;
  const { files } = await saveReport({ stack, folder, jobs: [], phases: {}, inventoryAfter: null });
  return `collected from ${bucket.what}: ${runs.join(", ")}, as far as the runs had come; report: ${relative(PROJECT_ROOT, files.html)}${problems.map((problem) => `\n  ${problem}`).join("")}`;
}

/** The command that gives a stack's state up. */
function forgetting({ stack, context }: Target): string {
  if (context !== undefined) return `rm -r ${new ContextState(folders().stateDir, stack).folder}`;
  return stack === EMBEDDED ? "npm start -- --clean" : `PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy --stack ${stack}`;
}
