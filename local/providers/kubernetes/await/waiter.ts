import type { CoreV1Api } from "@kubernetes/client-node";
import { isNotFound } from "../apiError.ts";
import type { ObjectClient } from "../client.ts";
import { describe, type Manifest, namespaceOf } from "../manifest.ts";
import { mountProblems } from "./mountProblems.ts";
import { lastLogLines } from "./podLogs.ts";
import { configurationErrors, crashLoops, podProblems } from "./podProblems.ts";
import { Cancelled, poll } from "./poll.ts";
import { judge, podsOf } from "./readiness.ts";
import { failed, type Verdict, waiting } from "./verdict.ts";

/** A start that goes well has no problems to tell of after this long. */
const CALM_SECONDS = 3;

export interface Cluster {
  objects: ObjectClient;
  core: CoreV1Api;
}

/** The object is there and isn't ready: failed, too slow, or the user cancelled. */
export class NotReady extends Error {
  /** The object as it was seen last. */
  readonly live: Manifest;
  readonly reasons: string[];

  constructor(message: string, live: Manifest, reasons: string[]) {
    super(message);
    this.name = "NotReady";
    this.live = live;
    this.reasons = reasons;
  }
}

/** Waits until an object is ready and returns it as it is then. Throws `NotReady`, with what its pods and logs say. */
export async function awaitReady(
  cluster: Cluster,
  object: Manifest,
  options: { timeoutSeconds: number; signal: AbortSignal; status: (message: string) => void },
): Promise<Manifest> {
  let live = object;
  let verdict = waiting() as Verdict;
  const look = async (waitedSeconds: number): Promise<true | undefined> => {
    try {
      live = await cluster.objects.get(object);
      verdict = await judge(cluster.objects, live, waitedSeconds);
      if (verdict.state === "waiting" && waitedSeconds > CALM_SECONDS) verdict = await withPods(cluster.core, verdict, await podsOf(cluster.objects, live));
    } catch (error) {
      verdict = trouble(error);
    }
    if (verdict.state === "waiting") options.status(`waiting: ${verdict.reasons.slice(0, 2).join("; ")}`);
    return verdict.state === "waiting" ? undefined : true;
  };
  try {
    await poll(options.timeoutSeconds, options.signal, look);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    throw await notReady(cluster, live, verdict, `waiting for ${describe(object)} was cancelled (it exists)`);
  }
  options.status("");
  if (verdict.state === "ready") return live;
  const problem = verdict.state === "failed" ? "has failed" : `isn't ready after ${options.timeoutSeconds} s`;
  throw await notReady(cluster, live, verdict, `${describe(object)} ${problem}`);
}

/** One look, without waiting: throws `NotReady` when the object isn't ready at this moment. */
export async function requireReady(cluster: Cluster, live: Manifest): Promise<void> {
  const verdict = await judge(cluster.objects, live, Infinity);
  if (verdict.state !== "ready") throw await notReady(cluster, live, verdict, `${describe(live)} isn't ready`);
}

/** What the pods say is added to the verdict; a container that can't work, or has crashed too often, is no longer waited for. */
async function withPods(core: CoreV1Api, verdict: { state: "waiting"; reasons: string[] }, pods: Manifest[]): Promise<Verdict> {
  const told = [...pods.flatMap(podProblems), ...(await mountProblems(core, pods))];
  const problems = told.filter((line) => !verdict.reasons.includes(line));
  const lost = [...pods.flatMap(configurationErrors), ...pods.flatMap(crashLoops)];
  return lost.length > 0 ? failed(...lost) : waiting(...verdict.reasons, ...problems);
}

/** The object exists, so an error here must not fail the operation as if it didn't: it's only another reason to wait. */
function trouble(error: unknown): Verdict {
  if (isNotFound(error)) return failed("it was deleted while it was waited for");
  return waiting(error instanceof Error ? error.message : String(error));
}

async function notReady(cluster: Cluster, live: Manifest, verdict: Verdict, what: string): Promise<NotReady> {
  const reasons = verdict.state === "ready" ? [] : verdict.reasons;
  const pods = await podsOf(cluster.objects, live).catch((): Manifest[] => []);
  const details = [...new Set(pods.flatMap(podProblems))].filter((line) => !reasons.includes(line));
  details.push(...(await lastLogLines(cluster.core, pods)));
  const namespace = namespaceOf(live);
  const remedy =
    `Look at it with: kubectl ${namespace ? `--namespace ${namespace} ` : ""}describe ` +
    `${String(live.kind).toLowerCase()} ${String((live.metadata as { name?: string }).name)}. If it only needs longer, ` +
    "raise customTimeouts (and a Deployment's progressDeadlineSeconds).";
  return new NotReady(`${what}: ${reasons.join("; ") || "no status yet"}`, live, [...details, remedy]);
}
