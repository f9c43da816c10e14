import { createHash } from "node:crypto";

/**
 * All randomness of a run comes from hashes of what it is for, never from a stream that is consumed: an episode that is
 * repeated after a kill, or played in another order, gets the very same seeds.
 */

const LARGEST = 2 ** 31 - 1;

/** A seed in [0, 2^31 - 1], the range of Crafter's worlds, from a path of labels and numbers (SHA-256, first 4 bytes). */
export function deriveSeed(...path: readonly (string | number)[]): number {
  return createHash("sha256").update(JSON.stringify(path)).digest().readUInt32BE(0) & LARGEST;
}

/** The world of a group: the same for all runs of equal seed, so that configs meet the same worlds in the same order. */
export function worldSeed(runSeed: number, iteration: number, group: number): number {
  return deriveSeed("world", runSeed, iteration, group);
}

/** The sampler's seed of a training episode; the task app derives each turn's from it. */
export function samplerSeed(runSeed: number, iteration: number, group: number, episode: number): number {
  return deriveSeed("sampler", runSeed, iteration, group, episode);
}

/** The sampler's seed on a held-out world: equal at every evaluation, so that only the adapter differs between them. */
export function evaluationSeed(runSeed: number, world: number): number {
  return deriveSeed("evaluation", runSeed, world);
}

/** The random policy's seed on a held-out world: no part of the run's, so that all runs must get equal numbers. */
export function baselineSeed(world: number): number {
  return deriveSeed("baseline", world);
}
