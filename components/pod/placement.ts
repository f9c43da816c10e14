import { GPU, type GpuPool } from "../gpuNodePool.ts";
import { LABEL, type Part } from "../names.ts";
import type { PodSpec, Resources, Toleration } from "./types.ts";

const TOLERATION: Toleration = { key: GPU.taint.key, operator: "Exists", effect: GPU.taint.effect };
const MEMBERS: Part[] = ["vllm", "trainer"];

/** Requests and limits of a container with so many GPUs; the scheduler wants both equal for a GPU. */
export function resourcesOf({ cpu, memory }: Resources, gpus = 0): { requests: Record<string, string>; limits: Record<string, string> } {
  const gpu: Record<string, string> = gpus > 0 ? { [GPU.resource]: String(gpus) } : {};
  return { requests: { cpu, memory, ...gpu }, limits: { memory, ...gpu } };
}

/** Where a pod without a GPU may run: not among the pool's GPUs, unless the cluster has no other node. */
export function cpuPlacement(pool: GpuPool): Pick<PodSpec, "tolerations"> {
  return pool.cpuPodsOnGpuNode ? { tolerations: [TOLERATION] } : {};
}

/**
 * Where a pair's server and trainer run: a node of the pool, and both on one node, since adapters are handed over in a
 * folder of that node.
 *
 * Each of the two demands a node with a member of the pair on it, and is itself a member: the scheduler lets the first
 * one in because its own labels match its demand (documented for pods of one affinity group), so the rule can be met in
 * both orders.
 */
export function pairPlacement(pool: GpuPool, pair: string): Pick<PodSpec, "nodeSelector" | "affinity" | "tolerations" | "runtimeClassName"> {
  return {
    nodeSelector: { ...pool.labels },
    tolerations: [TOLERATION],
    ...(pool.runtimeClass && { runtimeClassName: pool.runtimeClass }),
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: GPU.productLabel, operator: "In", values: [...pool.products] }] }],
        },
      },
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{
          topologyKey: "kubernetes.io/hostname",
          labelSelector: { matchLabels: { [LABEL.pair]: pair }, matchExpressions: [{ key: LABEL.part, operator: "In", values: MEMBERS }] },
        }],
      },
    },
  };
}
