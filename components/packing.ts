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

/** Pairs that a node has room for: one of a server's GPU and a trainer's each. */
export const pairsOnNode = (gpusPerNode: number): number => Math.floor(gpusPerNode / 2);

export interface PackingLimits {
  placement: Placement;
  gpusPerNode: number;
  nodeCount: number;
  /** Most adapters on one server. */
  maxSlots: number;
}

/** Experiments onto pairs, in their order; what does not fit is a problem of the stack's settings. */
export function packExperiments(names: readonly string[], limits: PackingLimits): { pairs: Pair[]; problems: Omit<Problem, "file">[] } {
  const { placement } = limits;
  const perPair = placement === "shared" ? names.length : placement === "dedicated" ? 1 : placement.perPair;
  const pairs = Array.from({ length: Math.ceil(names.length / perPair) }, (_, index): Pair => {
    const experiments = names.slice(index * perPair, (index + 1) * perPair);
    return { name: pairName(index), experiments, slots: slotsFor(experiments.length) };
  });
  const room = pairsOnNode(limits.gpusPerNode) * limits.nodeCount;
  const most = Math.max(0, ...pairs.map(({ slots }) => slots.maxLoras));
  const fitting = Math.floor(limits.maxSlots / VERSIONS_PER_RUN);
  return {
    pairs,
    problems: [
      ...(pairs.length <= room ? [] : [{
        path: "placement",
        what: `asks for ${pairs.length} pairs of 2 GPUs; ${limits.nodeCount} nodes of ${limits.gpusPerNode} GPUs have room for ${room}`,
        write: `Write placement: { perPair: ${Math.ceil(names.length / Math.max(1, room))} }, or raise gpu.nodeCount`,
      }]),
      ...(most <= limits.maxSlots ? [] : [{
        path: "placement",
        what: `puts ${perPair} experiments on one server, which needs ${most} adapter slots; vllm.maxSlots is ${limits.maxSlots}`,
        write: fitting > 0 ? `Write placement: { perPair: ${fitting} }, or raise vllm.maxSlots` : `Raise vllm.maxSlots to ${VERSIONS_PER_RUN} or more`,
      }]),
    ],
  };
}
