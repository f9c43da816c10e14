import { createHash } from "node:crypto";
import { z } from "zod";
import type { EpisodeRecord } from "./events.ts";

const count = z.int().min(0);

/**
 * What a run has amounted to so far. It travels in the trainer's cursor with every step, so that a killed runner's
 * successor ends with the same summary as an undisturbed one. Values only: each function gives a new tally.
 */
export const tally = z.strictObject({
  startedAt: z.iso.datetime(),
  batchRewards: z.array(z.number()),
  episodes: count,
  unlocks: count,
  resourceReward: z.number(),
  achievements: z.array(z.string()),
  decisions: z.strictObject({ total: count, dropped: count, invalidActions: count, invalidDecisions: count }),
  trajectoryHash: z.string(),
  adapterVersions: z.array(z.string()),
  syncSeconds: z.array(z.number().min(0)),
  mismatchKl: z.array(z.number()),
  iterationsWithoutUpdate: count,
});
export type Tally = z.infer<typeof tally>;

export function newTally(startedAt: Date): Tally {
  return {
    startedAt: startedAt.toISOString(),
    batchRewards: [],
    episodes: 0,
    unlocks: 0,
    resourceReward: 0,
    achievements: [],
    decisions: { total: 0, dropped: 0, invalidActions: 0, invalidDecisions: 0 },
    trajectoryHash: "",
    adapterVersions: [],
    syncSeconds: [],
    mismatchKl: [],
    iterationsWithoutUpdate: 0,
  };
}

/** Adds an iteration's training episodes, in the order group by group, episode by episode. */
export function addRollouts(before: Tally, episodes: readonly EpisodeRecord[], decisions: Tally["decisions"]): Tally {
  const add = (pick: (episode: EpisodeRecord) => number) => episodes.reduce((sum, episode) => sum + pick(episode), 0);
  return {
    ...before,
    batchRewards: [...before.batchRewards, add((episode) => episode.return) / episodes.length],
    episodes: before.episodes + episodes.length,
    unlocks: before.unlocks + add((episode) => episode.unlocks),
    resourceReward: before.resourceReward + add((episode) => episode.resourceReward),
    achievements: [
      ...new Set([...before.achievements, ...episodes.flatMap((episode) => episode.achievements)]),
    ].sort(),
    decisions: {
      total: before.decisions.total + decisions.total,
      dropped: before.decisions.dropped + decisions.dropped,
      invalidActions: before.decisions.invalidActions + decisions.invalidActions,
      invalidDecisions: before.decisions.invalidDecisions + decisions.invalidDecisions,
    },
    trajectoryHash: episodes.reduce(
      (hash, episode) => chainHash(hash, episode.trajectoryHash),
      before.trajectoryHash,
    ),
  };
}

/** `foreign`: decisions that the trainer left out because other weights had sampled them. */
export function addStep(before: Tally, step: { kl: number; updated: boolean; foreign: number }): Tally {
  return {
    ...before,
    decisions: { ...before.decisions, dropped: before.decisions.dropped + step.foreign },
    mismatchKl: [...before.mismatchKl, step.kl],
    iterationsWithoutUpdate: before.iterationsWithoutUpdate + (step.updated ? 0 : 1),
  };
}

export function addSync(before: Tally, adapter: string, seconds: number): Tally {
  return {
    ...before,
    adapterVersions: [...before.adapterVersions, adapter],
    syncSeconds: [...before.syncSeconds, seconds],
  };
}

/** h' = sha256(h + hash), hex. */
export function chainHash(chain: string, hash: string): string {
  return createHash("sha256")
    .update(chain + hash)
    .digest("hex");
}

/** The fields of run.finished. Throws a RangeError for a run without an iteration. */
export function summary(of: Tally, now: Date) {
  if (of.episodes === 0 || of.mismatchKl.length === 0) throw new RangeError("summary of a run without an iteration");
  return {
    iterations: of.batchRewards.length,
    batchRewards: of.batchRewards,
    outcomeReward: of.unlocks / of.episodes,
    resourceReward: of.resourceReward / of.episodes,
    uniqueAchievementsTotal: of.achievements.length,
    adapterVersions: of.adapterVersions,
    adapterSyncSeconds: { p50: quantile(of.syncSeconds, 0.5), p95: quantile(of.syncSeconds, 0.95) },
    decisions: of.decisions,
    mismatchKl: of.mismatchKl.reduce((sum, value) => sum + value, 0) / of.mismatchKl.length,
    iterationsWithoutUpdate: of.iterationsWithoutUpdate,
    trajectoryHash: of.trajectoryHash,
    seconds: Math.max(0, (now.getTime() - Date.parse(of.startedAt)) / 1000),
  };
}

/** Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996), as the report does it. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(position)] ?? 0, sorted[Math.ceil(position)] ?? 0];
  return low + (high - low) * (position - Math.floor(position));
}
