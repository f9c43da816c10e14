import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";

const time = z.iso.datetime();

/** What a pod held of GPUs, and how long. */
export const podUsage = z.strictObject({
  pod: z.string(),
  part: z.string(),
  pair: z.string(),
  /** Null for a pod that was not placed. */
  node: z.string().nullable(),
  gpus: z.int().min(1),
  /** When it was placed on its node, and so took its GPUs; when its containers had ended, null while it holds them. */
  from: time.nullable(),
  to: time.nullable(),
});

export type PodUsage = z.infer<typeof podUsage>;

/** What a pod's labels and GPUs are called. */
export interface UsageKeys {
  labels: { pair: string; part: string };
  gpuResource: string;
}

const iso = (value: Date | string | undefined): string | null => (value === undefined ? null : new Date(value).toISOString());

/** GPUs that a pod asks for: of the device plugin, or a device of a claim for each container that names one. */
function gpusOf({ spec }: V1Pod, resource: string): number {
  return (spec?.containers ?? []).reduce((sum, { resources }) => sum + Number(resources?.limits?.[resource] ?? 0) + (resources?.claims?.length ?? 0), 0);
}

/** When a pod took its GPUs and gave them back (Kubernetes API, core/v1 PodStatus); null for a pod without any. */
export function usageOf(pod: V1Pod, { labels, gpuResource }: UsageKeys): PodUsage | null {
  const gpus = gpusOf(pod, gpuResource);
  const pair = pod.metadata?.labels?.[labels.pair];
  if (gpus === 0 || pair === undefined) return null;
  const placed = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "True");
  const ended = ["Succeeded", "Failed"].includes(pod.status?.phase ?? "");
  const ends = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => (state?.terminated?.finishedAt ? [Number(new Date(state.terminated.finishedAt))] : []));
  return {
    pod: pod.metadata!.name!, part: pod.metadata!.labels![labels.part] ?? "", pair, node: pod.spec?.nodeName ?? null, gpus,
    from: iso(placed?.lastTransitionTime ?? (pod.spec?.nodeName ? pod.status?.startTime : undefined)),
    to: ended ? iso(ends.length > 0 ? new Date(Math.max(...ends)) : pod.metadata!.deletionTimestamp) : null,
  };
}
