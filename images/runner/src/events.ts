import { z } from "zod";

/**
 * The events of a run, schema version 1: one JSON object a line on the runner's standard output. Lines that do not
 * start with `{"v":1,` are for people. `seq` rises by one from 1 and goes on where it stopped when a killed runner
 * comes back, so whoever collects the logs of all its pods can put them in order and see a repeat.
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
  resourceReward: z.number(),
  decisions: count,
  dropped: count,
  invalidActions: count,
  trajectoryHash: z.string(),
});

const adapter = z.strictObject({ name: z.string(), version: count, digest: z.string() });
/** 95 % interval of a mean, both ends. */
const interval = z.tuple([z.number(), z.number()]);

const common = { v: z.literal(1), run: z.string(), seq: z.int().min(1), time: z.iso.datetime() };
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ ...common, type: z.literal(type), ...shape });

export const runStarted = event("run.started", {
  config: z.string(), configSha256: z.string(), seed: z.int(), attempt: count, strategy: z.string(),
  iterations: count, model: z.string(), resumedAt: count.nullable(),
});
export const syncFinished = event("sync.finished", {
  iteration: count, adapter,
  /** save is the trainer's, load and firstToken are vLLM's; their sum is the adapter sync. */
  saveSeconds: seconds, loadSeconds: seconds, firstTokenSeconds: seconds,
  /** Largest |log-probability change| of the canary prompt's tokens against the version before; null for version 0. */
  canaryDelta: z.number().nullable(),
});
export const rolloutFinished = event("rollout.finished", {
  iteration: count, adapter: z.string(), seconds, episodes: z.array(episodeRecord), meanReward: z.number(),
  decisions: z.strictObject({ total: count, dropped: count, invalidActions: count, invalidDecisions: count }),
  tokens: z.strictObject({ prompt: count, completion: count }), retries: count,
});
export const stepFinished = event("step.finished", {
  iteration: count, adapter, loss: z.number(), gradNorm: z.number(), noUpdate: z.boolean(),
  mismatch: z.strictObject({ meanAbsLogprobDelta: z.number(), maxAbsLogprobDelta: z.number(), kl: z.number(), meanRatio: z.number() }),
  clippedShare: z.number(), samples: count, zeroAdvantageSamples: count,
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
export const runFinished = event("run.finished", {
  iterations: count, batchRewards: z.array(z.number()), outcomeReward: z.number(), resourceReward: z.number(),
  uniqueAchievementsTotal: count, adapterVersions: z.array(z.string()), trajectoryHash: z.string(), seconds,
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
