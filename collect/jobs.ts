import type { V1Job } from "@kubernetes/client-node";
import type { Access } from "./access.ts";
import { ANNOTATION, LABEL } from "../components/names.ts";
import { WAITS_FOR_TURN } from "./podState.ts";

/** What the cluster says of a run's Job, whatever the runner itself said. */
export interface JobState {
  run: string;
  job: string;
  state: "waiting" | "running" | "complete" | "failed";
  /** The Job's own reason and message when it failed, such as BackoffLimitExceeded or DeadlineExceeded; what a waiting one waits for, if it is known. */
  reason: string;
}

/** Reads a state off a Job's conditions (Kubernetes API, batch/v1 JobStatus). */
export function jobState(job: V1Job): JobState {
  const condition = (type: string) => job.status?.conditions?.find((c) => c.type === type && c.status === "True");
  const failed = condition("Failed") ?? condition("FailureTarget");
  const base = { run: job.metadata!.labels![LABEL.run]!, job: job.metadata!.name! };
  if (condition("Complete")) return { ...base, state: "complete", reason: "" };
  if (failed) return { ...base, state: "failed", reason: [failed.reason, failed.message].filter(Boolean).join(": ") };
  // A pod that waits at its gate counts as active; one that runs is ready too, since runners have no other probe.
  const { active = 0, ready = active } = job.status ?? {};
  if (job.spec?.suspend && job.metadata?.annotations?.[ANNOTATION.parked] !== undefined) return { ...base, state: "waiting", reason: WAITS_FOR_TURN };
  return { ...base, state: active > 0 && ready > 0 ? "running" : "waiting", reason: "" };
}

/** The Jobs of all runs of the stack; of a run that was replaced, the newest Job. */
export async function listRunJobs({ batch, namespace }: Access): Promise<JobState[]> {
  const { items } = await batch.listNamespacedJob({ namespace, labelSelector: LABEL.run });
  const newestLast = items.filter((job) => job.metadata?.deletionTimestamp === undefined)
    .sort((a, b) => Number(a.metadata!.creationTimestamp) - Number(b.metadata!.creationTimestamp));
  return [...new Map(newestLast.map((job) => [job.metadata!.labels![LABEL.run]!, jobState(job)])).values()];
}
