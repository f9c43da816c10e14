import { ApiException, type V1Job, type V1Pod } from "@kubernetes/client-node";
import { GPU } from "../components/nodePool/gpu.ts";
import { ANNOTATION, GPU_LEDGER, LABEL } from "../components/names.ts";
import { keep, readLedger } from "../images/pair-controller/src/ledger.ts";
import { usageOf } from "../images/pair-controller/src/podUsage.ts";
import { type JobUsage, type PodUsage, quoted, type Usage } from "../report/usage.ts";
import type { Access } from "./access.ts";

const iso = (time: Date | string | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());

/** What a pod of this stack held of GPUs; null for one without any. */
export const podUsage = (pod: V1Pod): PodUsage | null => usageOf(pod, { labels: LABEL, gpuResource: GPU.resource });

/** How long a run's Job lasted (batch/v1 JobStatus): a failed one has no completion time, its condition has. */
export function jobUsage({ metadata, status }: V1Job): JobUsage {
  const failed = status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  return {
    run: metadata!.labels![LABEL.run]!, pair: metadata!.labels![LABEL.pair] ?? null,
    from: iso(status?.startTime), to: iso(status?.completionTime ?? failed?.lastTransitionTime),
  };
}

/** The pods that the pair controller remembers; none where it has not come up yet, and in stacks of before there was one. */
async function ledgerOf({ core, namespace }: Access): Promise<PodUsage[]> {
  return core.readNamespacedConfigMap({ namespace, name: GPU_LEDGER }).then(({ data }) => readLedger(data), (error: unknown) => {
    if (error instanceof ApiException && error.code === 404) return [];
    throw error;
  });
}

/** What the pods and Jobs of a stack have held so far: pods that are gone, by the pair controller's ledger. */
export async function collectUsage(access: Access, now: Date): Promise<Usage> {
  const { core, batch, namespace } = access;
  // The ledger first: a pod that goes in between is then in both, and counted once.
  const known = await ledgerOf(access);
  const [stack, pods, jobs] = await Promise.all([
    core.readNamespace({ name: namespace }),
    core.listNamespacedPod({ namespace, labelSelector: LABEL.pair }),
    batch.listNamespacedJob({ namespace, labelSelector: LABEL.run }),
  ]);
  const quote = stack.metadata?.annotations?.[ANNOTATION.quote];
  return {
    version: 1, collectedAt: now.toISOString(), pods: keep(known, pods.items.flatMap((pod) => podUsage(pod) ?? []), now), jobs: jobs.items.map(jobUsage),
    quote: quote === undefined ? null : quoted.parse(JSON.parse(quote)),
  };
}
