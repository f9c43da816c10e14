import { KUEUE } from "../kueue.ts";
import { pairIndex, TURN_GATE } from "../names.ts";
import type { GpuPool } from "../nodePool/gpu.ts";
import { PAIR_MEMBERS } from "./placement.ts";
import type { PodSpec } from "./types.ts";

/** What makes a pair's pods wait for their turn. */
export interface Turn {
  /** They may wait for long: neither the cluster nor an update should take that for a failure. */
  gated: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: Pick<PodSpec, "schedulingGates">;
}

/**
 * How the pods of a pair wait for their turn.
 *
 * With Kueue they are one group, which it admits as a whole: it puts a gate of its own onto each pod, and takes it off when the group has
 * its quota. A serving group is never finished: its quota is free when its pods are gone, and is asked for again by the next ones. Not "fast
 * admission", which would count two pods like the first one that is there, and admit it before there is a second.
 *
 * Else the gate is ours. The scheduler does not see a pod at the gate, and an autoscaler buys no node for it; the pair controller takes the
 * gate off both members when it is their turn. The first pair always has a place, and has no gate, so a stack without a queue comes up
 * without waiting for anybody. Which pairs have one follows from their number alone: a pool that grows restarts no pod.
 */
export function turnOf({ pool, pair }: { pool: GpuPool; pair: string }): Turn {
  const { labels, annotations } = KUEUE;
  if (pool.queue !== undefined) {
    return { gated: true, labels: { [labels.queue]: pool.queue, [labels.group]: pair }, annotations: { [annotations.count]: String(PAIR_MEMBERS.length), [annotations.serving]: "true" }, spec: {} };
  }
  const gated = pairIndex(pair) > 0;
  return { gated, labels: {}, annotations: {}, spec: gated ? { schedulingGates: [{ name: TURN_GATE }] } : {} };
}
