import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { GPU } from "../components/nodePool/gpu.ts";
import { ANNOTATION, LABEL } from "../components/names.ts";
import { type JobUsage, type PodUsage, quoted, type Usage } from "../report/usage.ts";
import type { Access } from "./access.ts";

const iso = (time: Date | string | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());

/** GPUs that a pod asks for: of the device plugin, or a device of a claim for each container that names one. */
function gpusOf({ spec }: V1Pod): number {
  return (spec?.containers ?? []).reduce((sum, { resources }) => sum + Number(resources?.limits?.[GPU.resource] ?? 0) + (resources?.claims?.length ?? 0), 0);
}

/** When a pod took its GPUs and gave them back (Kubernetes API, core/v1 PodStatus); null for a pod without any. */
export function podUsage(pod: V1Pod): PodUsage | null {
  const gpus = gpusOf(pod);
  const pair = pod.metadata?.labels?.[LABEL.pair];
  if (gpus === 0 || pair === undefined) return null;
  const placed = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "True");
  const ended = ["Succeeded", "Failed"].includes(pod.status?.phase ?? "");
  const ends = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => (state?.terminated?.finishedAt ? [Number(new Date(state.terminated.finishedAt))] : []));
  return {
    pod: pod.metadata!.name!, part: pod.metadata!.labels![LABEL.part] ?? "", pair, node: pod.spec?.nodeName ?? null, gpus,
    from: iso(placed?.lastTransitionTime ?? (pod.spec?.nodeName ? pod.status?.startTime : undefined)),
    to: ended ? iso(ends.length > 0 ? new Date(Math.max(...ends)) : pod.metadata!.deletionTimestamp) : null,
  };
}

/** How long a run's Job lasted (batch/v1 JobStatus): a failed one has no completion time, its condition has. */
export function jobUsage({ metadata, status }: V1Job): JobUsage {
  const failed = status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  return {
    run: metadata!.labels![LABEL.run]!, pair: metadata!.labels![LABEL.pair] ?? null,
    from: iso(status?.startTime), to: iso(status?.completionTime ?? failed?.lastTransitionTime),
  };
}

/** What the pods and Jobs of a stack have held so far. A pod that was deleted is not known to the API any more. */
export async function collectUsage({ core, batch, namespace }: Access, now: Date): Promise<Usage> {
  const [stack, pods, jobs] = await Promise.all([
    core.readNamespace({ name: namespace }),
    core.listNamespacedPod({ namespace, labelSelector: LABEL.pair }),
    batch.listNamespacedJob({ namespace, labelSelector: LABEL.run }),
  ]);
  const quote = stack.metadata?.annotations?.[ANNOTATION.quote];
  return {
    version: 1, collectedAt: now.toISOString(), pods: pods.items.flatMap((pod) => podUsage(pod) ?? []), jobs: jobs.items.map(jobUsage),
    quote: quote === undefined ? null : quoted.parse(JSON.parse(quote)),
  };
}
