import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { parseEventLine, type RunEvent } from "../images/runner/src/events.ts";
import type { Access } from "./access.ts";
import { type JobState, listRunJobs } from "./jobs.ts";
import { LABEL } from "../components/names.ts";
import { LogTail } from "./logTail.ts";
import { podTrouble } from "./podState.ts";

/** The runner's container in a run's pod. */
export const RUNNER_CONTAINER = "runner";
const POLL_MS = 1000;
/** How long the API may be away before following gives up. */
const PATIENCE_MS = 120_000;

export interface Follower {
  /** Every line of a run's log, events and words alike, in order. */
  onLine?: (run: string, line: string) => void;
  onEvent?: (run: string, event: RunEvent) => void;
  /** A change of what keeps a run's pod from running; empty text: it runs. */
  onTrouble?: (run: string, trouble: string) => void;
  /** The same of a pair's server or trainer, by its name: while it is away, the pair's runs wait. */
  onServerTrouble?: (server: string, trouble: string) => void;
}

/** Looks at the pods of vLLM and trainers. */
class ServerFollower {
  readonly #troubles = new Map<string, string>();
  readonly #follower: Follower;

  constructor(follower: Follower) {
    this.#follower = follower;
  }

  async poll({ core, namespace }: Access): Promise<void> {
    if (!this.#follower.onServerTrouble) return;
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${LABEL.part},${LABEL.pair}` });
    for (const pod of oldestFirst(items)) {
      const { metadata } = pod;
      const server = `${metadata!.labels![LABEL.pair]}-${metadata!.labels![LABEL.part]}`;
      const trouble = metadata!.deletionTimestamp ? "" : podTrouble(pod);
      if (trouble !== (this.#troubles.get(server) ?? "")) this.#follower.onServerTrouble(server, trouble);
      this.#troubles.set(server, trouble);
    }
  }
}

const oldestFirst = (pods: V1Pod[]) => pods.sort((a, b) => Number(a.metadata!.creationTimestamp) - Number(b.metadata!.creationTimestamp));

/** Follows the logs of the named run over all its pods. */
class RunFollower {
  readonly #tails = new Map<string, LogTail>();
  #trouble = "";
  readonly #run: string;
  readonly #follower: Follower;

  constructor(run: string, follower: Follower) {
    this.#run = run;
    this.#follower = follower;
  }

  async poll(access: Access, jobs: readonly JobState[]): Promise<void> {
    const { items } = await access.core.listNamespacedPod({ namespace: access.namespace, labelSelector: `${LABEL.run}=${this.#run}` });
    const pods = oldestFirst(items);
    for (const pod of pods) if (hasLog(pod)) await this.#drain(access, pod.metadata!.name!);
    const waitsFor = jobs.find(({ run, state }) => run === this.#run && state === "waiting")?.reason;
    const trouble = pods.length === 0 ? waitsFor || "no pod yet" : podTrouble(pods.at(-1)!);
    if (trouble !== this.#trouble) this.#follower.onTrouble?.(this.#run, (this.#trouble = trouble));
  }

  async #drain(access: Access, pod: string): Promise<void> {
    const tail = this.#tails.get(pod) ?? new LogTail();
    this.#tails.set(pod, tail);
    for (const line of await tail.read(access, pod, RUNNER_CONTAINER)) {
      this.#follower.onLine?.(this.#run, line);
      const event = parseEventLine(line);
      if (event !== null) this.#follower.onEvent?.(this.#run, event);
    }
  }
}

const hasLog = (pod: V1Pod) => pod.status?.containerStatuses?.some((status) => status.name === RUNNER_CONTAINER && (status.state?.running || status.state?.terminated)) ?? false;

/**
 * Follows the runs until the Job of each is complete or failed, and returns the Jobs' states. Survives an API server
 * that is away for up to two minutes; then throws its last error. Throws `signal.reason` when aborted.
 */
export async function followRuns(access: Access, runs: readonly string[], follower: Follower, signal: AbortSignal): Promise<JobState[]> {
  const followers = [...runs.map((run) => new RunFollower(run, follower)), new ServerFollower(follower)];
  /** A request that hangs may take minutes by itself, and the next one be answered: what counts is how long they have failed. */
  let failingSince: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    try {
      // States before logs: what a Job wrote before it ended is then read by the poll that follows.
      const jobs = (await listRunJobs(access)).filter((job) => runs.includes(job.run));
      for (const one of followers) await one.poll(access, jobs);
      failingSince = null;
      if (jobs.length === runs.length && jobs.every((job) => job.state === "complete" || job.state === "failed")) return jobs;
    } catch (error) {
      if (error instanceof SyntaxError || (error as Error).name === "ZodError" || Date.now() - (failingSince ??= Date.now()) > PATIENCE_MS) throw error;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
