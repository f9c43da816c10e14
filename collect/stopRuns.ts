import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Log, PatchStrategy, setHeaderOptions, type V1Pod } from "@kubernetes/client-node";
import { ANNOTATION, LABEL } from "../components/names.ts";
import type { Access } from "./access.ts";
import { RUNNER_CONTAINER } from "./follow.ts";
import type { JobState } from "./jobs.ts";

/** A pod has half a minute to end (its grace period); then the cluster ends it. */
const LAST_WORDS_MS = 60_000;

/**
 * Ends the runs of these Jobs in order, and returns everything that their last pods said, by run: a suspended Job's pods
 * are deleted with their logs, so the log is followed from before the suspension until the pod has ended. Jobs that have
 * no pod are suspended all the same, so that none starts while the stack is taken down: neither by itself nor by the pair
 * controller, which starts those alone that it has suspended itself.
 */
export async function stopRuns(access: Access, jobs: readonly JobState[], onLine: (run: string, line: string) => void): Promise<void> {
  await Promise.all(jobs.map(async ({ run, job }) => {
    const pod = (await podsOf(access, job)).find(isRunning);
    const words = pod && await openLog(access, pod.metadata!.name!);
    await access.batch.patchNamespacedJob(
      { namespace: access.namespace, name: job, body: { metadata: { annotations: { [ANNOTATION.parked]: null } }, spec: { suspend: true } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    // Read from here on only: a reader that nobody listens to yet would drop what it reads.
    if (words) for await (const line of createInterface({ input: words })) onLine(run, line);
    await untilGone(access, job);
  }));
}

const isRunning = ({ status }: V1Pod) => status?.containerStatuses?.some(({ name, state }) => name === RUNNER_CONTAINER && state?.running !== undefined) ?? false;
const podsOf = async ({ core, namespace }: Access, job: string) =>
  (await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` })).items;

/** Opens the log of a pod, from its first line until its container ends. */
async function openLog({ config, namespace }: Access, pod: string): Promise<PassThrough> {
  const stream = new PassThrough();
  const request = await new Log(config).log(namespace, pod, RUNNER_CONTAINER, stream, { follow: true });
  const timer = setTimeout(() => request.abort(), LAST_WORDS_MS);
  stream.once("close", () => clearTimeout(timer));
  return stream;
}

/** No pod of the Job writes any more. */
async function untilGone(access: Access, job: string): Promise<void> {
  const end = Date.now() + LAST_WORDS_MS;
  while ((await podsOf(access, job)).some(isRunning) && Date.now() < end) await sleep(500);
}
