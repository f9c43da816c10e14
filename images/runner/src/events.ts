import { z } from "zod";

/**
 * The events of a run, schema version 1: one JSON object a line on the runner's standard output. Lines that do not
 * start with `{"v":1,` are for people. `seq` rises by one from 1. A killed runner that comes back goes on with the number
 * after the last one that the trainer holds in its cursor and tells again what came after it, so a number can be seen in
 * two pods' logs: the later pod's event takes the place of the earlier one's and of all that followed there.
 */

const count = z.int().min(0);
const seconds = z.number().min(0);

/** One episode as the report needs it. `return` is the run's own reward, `unlocks` the metric that all runs share. */
export const episodeRecord = z.strictObject({
  id: z.string(),
  group: z.string(),
  envSeed: z.int(),
  return: z.number(),
  unlocks: count,
  achievements: z.array(z.string()),
  /** Inventory gains by the shaped reward's weights, before λ; reported for every run, part of the return of shaped ones only. */
  resourceReward: z.number(),
  decisions: count,
  dropped: count,
  invalidActions: count,
  /**
   * Names of the actions played, a list for each decision. With envSeed they make the episode again, and trajectoryHash
   * tells whether it is the same one. Empty in a record of a runner that kept none.
   */
  actions: z.array(z.array(z.string())).default([]),
  trajectoryHash: z.string(),
});

const adapter = z.strictObject({ name: z.string(), version: count, digest: z.string() });
const mismatch = z.strictObject({ meanAbsLogprobDelta: z.number(), maxAbsLogprobDelta: z.number(), kl: z.number(), meanRatio: z.number() });
/** 95 % interval of a mean, both ends. */
const interval = z.tuple([z.number(), z.number()]);
const decisionCounts = z.strictObject({ total: count, dropped: count, invalidActions: count, invalidDecisions: count });

const common = { v: z.literal(1), run: z.string(), seq: z.int().min(1), time: z.iso.datetime() };
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ ...common, type: z.literal(type), ...shape });

export const runStarted = event("run.started", {
  config: z.string(), configSha256: z.string(), seed: z.int(), attempt: count, strategy: z.string(),
  iterations: count, model: z.string(),
  /** What of the RunSpec decides the outcome: all but names, places and attempt. Null in a record of a runner that kept none. */
  settings: z.record(z.string(), z.unknown()).nullable().default(null),
  /** Completed steps that this pod found at the trainer; null when the run begins. */
  resumedAt: count.nullable(),
});
export const syncFinished = event("sync.finished", {
  iteration: count, adapter,
  /**
   * save is the trainer's (for version 0 the whole call that made the run), load and firstToken are vLLM's; their sum is
   * the adapter sync. load is 0 where a runner that came back found the adapter already loaded.
   */
  saveSeconds: seconds, loadSeconds: seconds, firstTokenSeconds: seconds,
  /**
   * Largest |log-probability change| at the canary's places against the version before, nats. null where there is
   * none to compare with: for version 0 and after a resume, where the trainer's own score is compared instead.
   */
  canaryDelta: z.number().nullable(),
});
export const rolloutFinished = event("rollout.finished", {
  iteration: count, adapter: z.string(), seconds, episodes: z.array(episodeRecord),
  /** Versions that the adapter is behind the one that learns from it: training.staleness, but 0 in the first iteration. */
  staleness: count.default(0),
  /** Mean of the episodes' returns under the run's own reward: this iteration's batch reward. */
  meanReward: z.number(),
  decisions: decisionCounts,
  tokens: z.strictObject({ prompt: count, completion: count }), retries: count,
});
export const stepFinished = event("step.finished", {
  iteration: count, adapter, loss: z.number(), gradNorm: z.number(), noUpdate: z.boolean(),
  /** Of the samples, as in rollout.finished. */
  staleness: count.default(0),
  /** Sampler against the trainer's log-probabilities under the version that it was to sample from. */
  mismatch,
  /** Stale samples only: sampler against the version that learned, which is what the importance weight corrects. */
  offPolicy: mismatch.nullable().default(null),
  clippedShare: z.number(), samples: count,
  /** Of the samples: left out by the trainer, because other weights than its own had sampled them (per decision, above guards.maxLogprobDelta). */
  foreignSamples: count.default(0),
  zeroAdvantageSamples: count,
  tokens: z.strictObject({ prompt: count, completion: count }), seconds,
});
export const evaluationFinished = event("evaluation.finished", {
  iteration: count, adapter: z.string(), seconds, episodes: z.array(episodeRecord), unlocksPerEpisode: z.number(),
  interval, intervalMethod: z.string(),
});
/** The held-out seeds played without a model. Every run plays them; equal numbers in all runs show equal worlds. */
export const baselineFinished = event("baseline.finished", {
  policy: z.literal("random"), seconds, episodes: z.array(episodeRecord), unlocksPerEpisode: z.number(), interval, intervalMethod: z.string(),
});
export const warning = event("run.warning", { iteration: count, message: z.string() });
/** The summary. Its numbers cover the whole run, also where the log of a killed pod is lost. */
export const runFinished = event("run.finished", {
  iterations: count,
  /** One an iteration: mean episode return under the run's own reward, as in rollout.finished. */
  batchRewards: z.array(z.number()),
  /** Mean number of achievements unlocked in an episode, over all training episodes; comparable between runs. */
  outcomeReward: z.number(),
  /** Mean resourceReward of an episode, over all training episodes. */
  resourceReward: z.number(),
  /** Number of distinct achievements unlocked in any training episode. */
  uniqueAchievementsTotal: count,
  /** Names of all adapter versions, from v0. */
  adapterVersions: z.array(z.string()),
  /** Of all adapter syncs: save + load + first token. */
  adapterSyncSeconds: z.strictObject({ p50: seconds, p95: seconds }),
  /** Of the training episodes. */
  decisions: decisionCounts,
  /** Mean over the steps of the k3 estimate of KL(sampler || trainer), nats a token. */
  mismatchKl: z.number(),
  /** Iterations whose step changed no weights. */
  iterationsWithoutUpdate: count,
  /** Chain over the training episodes' hashes in order: h = sha256(h + hash) as hex text, from the empty string. */
  trajectoryHash: z.string(),
  /** Since the run first started, time between pods included. */
  seconds,
});
export const runFailed = event("run.failed", { iteration: count, reason: z.string(), remedy: z.string(), batchRewards: z.array(z.number()) });

export const runEvent = z.discriminatedUnion("type", [
  runStarted, syncFinished, rolloutFinished, stepFinished, evaluationFinished, baselineFinished, warning, runFinished, runFailed,
]);

export type RunEvent = z.infer<typeof runEvent>;
export type EpisodeRecord = z.infer<typeof episodeRecord>;

/** Parses one line of a runner's output; null for a line meant for people. Throws a ZodError for a malformed event. */
export function parseEventLine(line: string): RunEvent | null {
  return line.startsWith('{"v":1,') ? runEvent.parse(JSON.parse(line)) : null;
}
