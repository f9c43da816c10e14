import type { Problem } from "./config/problem.ts";
import { pairName } from "./names.ts";
import type { Placement } from "./settings/schema.ts";

/**
 * Adapter versions of one run that a server may hold at once: the live one, the next one while it is loaded and proven,
 * and the retired one until the last request that names it has ended.
 */
export const VERSIONS_PER_RUN = 3;

/** A server and its trainer, and the experiments that share them. */
export interface Pair {
  name: string;
  /** Names of its runs. */
  experiments: string[];
  slots: Slots;
  /** The pool has no room for it yet, as far as is known here: it waits until others have given their places back. */
  waits: boolean;
}

export interface Slots {
  /** Adapters on the GPU (--max-loras). */
  maxLoras: number;
  /** Adapters in host memory (--max-cpu-loras). */
  maxCpuLoras: number;
}

/**
 * Slots for so many runs. On the GPU every version that may be alive has one, so nothing is ever swapped out under a
 * request (vLLM 0.22 to 0.24 then decodes with another adapter). In host memory there are twice as many: an adapter
 * that falls out while its name is still served kills the engine at the next request if its folder is gone.
 */
export function slotsFor(runs: number): Slots {
  const maxLoras = runs * VERSIONS_PER_RUN;
  return { maxLoras, maxCpuLoras: 2 * maxLoras };
}

/** Pairs that a pool has room for at once. */
export const roomFor = ({ gpusPerNode, nodeCount }: { gpusPerNode: number; nodeCount: number }): number => pairsOnNode(gpusPerNode) * nodeCount;

/** Pairs that a node has room for: one of a server's GPU and a trainer's each. */
export const pairsOnNode = (gpusPerNode: number): number => Math.floor(gpusPerNode / 2);

export interface PackingLimits {
  placement: Placement;
  gpusPerNode: number;
  nodeCount: number;
  /** Kueue gives turns: no pair has one for certain. */
  kueue: boolean;
  /** Most adapters on one server. */
  maxSlots: number;
}

/**
 * Experiments onto pairs, in their order. Pairs beyond the room of the pool wait for their turn; what can never fit is a problem of
 * the stack's settings.
 */
export function packExperiments(names: readonly string[], limits: PackingLimits): { pairs: Pair[]; problems: Omit<Problem, "file">[] } {
  const { placement } = limits;
  const perPair = placement === "shared" ? names.length : placement === "dedicated" ? 1 : placement.perPair;
  const room = roomFor(limits);
  const pairs = Array.from({ length: Math.ceil(names.length / perPair) }, (_, index): Pair => {
    const experiments = names.slice(index * perPair, (index + 1) * perPair);
    return { name: pairName(index), experiments, slots: slotsFor(experiments.length), waits: limits.kueue || index >= room };
  });
  const most = Math.max(0, ...pairs.map(({ slots }) => slots.maxLoras));
  const fitting = Math.floor(limits.maxSlots / VERSIONS_PER_RUN);
  return {
    pairs,
    problems: [
      ...(room > 0 ? [] : [{
        path: "gpu.gpusPerNode",
        what: `is ${limits.gpusPerNode}, and a pair takes 2 GPUs of one node: no pair would ever have its turn`,
        write: "Take nodes with two GPUs or more",
      }]),
      ...(most <= limits.maxSlots ? [] : [{
        path: "placement",
        what: `puts ${perPair} experiments on one server, which needs ${most} adapter slots; vllm.maxSlots is ${limits.maxSlots}`,
        write: fitting > 0 ? `Write placement: { perPair: ${fitting} }, or raise vllm.maxSlots` : `Raise vllm.maxSlots to ${VERSIONS_PER_RUN} or more`,
      }]),
    ],
  };
}
