import { z } from "zod";
import { bill } from "./billSchema.ts";

/** report.json, schema version 1. Scripts read it; a field is added freely, renamed or removed only with a new version. */

const seconds = z.number().min(0);
const count = z.int().min(0);
/** Both ends of the 95 % interval of a mean. */
const interval = z.tuple([z.number(), z.number()]);

export const measurement = z.strictObject({
  episodes: count,
  /** Unlocked achievements an episode, the metric that all runs share whatever their training reward. */
  unlocksPerEpisode: z.number(),
  interval,
  /** How the interval was made, in words. */
  intervalMethod: z.string(),
});

export const evaluation = measurement.extend({
  iteration: count,
  /** In how many of the episodes each achievement was unlocked; absent names: in none. */
  achievements: z.record(z.string(), count),
  /** What was unlocked on each held-out world: what paired comparisons are made from. */
  worlds: z.array(z.strictObject({ seed: z.int(), unlocks: count, trajectoryHash: z.string() })),
});

/** Sampler against trainer on the same tokens in one step. */
export const mismatchStep = z.strictObject({
  iteration: count,
  /** k3 estimate of KL(sampler || trainer), nats a token. */
  kl: z.number(),
  /** Mean probability ratio trainer / sampler. */
  meanRatio: z.number(),
  /** Mean |log-probability difference|, nats a token: what ends a run above guards.maxLogprobDelta. */
  meanAbsLogprobDelta: z.number(),
  /** Share of sequences (gspo) or tokens (grpo) whose gradient the clip cut off. */
  clippedShare: z.number(),
  /** Versions between the one that sampled and the one that learned. */
  staleness: count.default(0),
  /** Mean |log-probability difference|, nats a token, of the sampler and the version that learned: what the importance weight corrects. Null where that is the one that sampled. */
  offPolicyDelta: z.number().nullable().default(null),
});

/** Two evaluations on the same held-out worlds, world by world. */
export const comparison = z.strictObject({
  a: z.string(),
  b: z.string(),
  /** Held-out worlds that both played; wins and losses are those on which a unlocked more or less than b. */
  pairs: count,
  wins: count,
  losses: count,
  /** Worlds on which both played the very same episode, action by action. */
  sameEpisodes: count,
  /** Mean of a's unlocks minus b's, with its 95 % interval. */
  difference: z.number(),
  interval,
  intervalMethod: z.string(),
  /** Adjusted for the number of comparisons of this kind. */
  p: z.number().min(0).max(1),
  testMethod: z.string(),
  /** ahead: a better run by the paired comparison, but not ranked above the other, since their own intervals overlap. */
  verdict: z.enum(["above", "below", "ahead", "not told apart", "not comparable"]),
  /**
   * About how many more held-out worlds would show the difference that was seen, 4 times in 5, or for "ahead" part the two
   * intervals; null where that is no question.
   */
  morePairs: count.nullable(),
  /** The smallest difference that so many worlds show 4 times in 5; null where the worlds say nothing of the spread. */
  smallestDetectable: z.number().nullable(),
});

/** A setting besides the reward's that is not the same in all runs; the values as JSON text, by run. */
export const settingsDifference = z.strictObject({ field: z.string(), values: z.record(z.string(), z.string()) });

export const runReport = z.strictObject({
  name: z.string(),
  config: z.string(),
  configSha256: z.string(),
  strategy: z.string(),
  seed: z.int(),
  /** finished: every iteration done. failed: the runner gave up and said why. incomplete: its events stop without an end. */
  state: z.enum(["finished", "failed", "incomplete"]),
  failure: z.strictObject({ reason: z.string(), remedy: z.string() }).nullable(),
  warnings: z.array(z.string()),
  iterations: count,
  /** Iterations whose step changed no weight, because every advantage was zero. */
  iterationsWithoutUpdate: count,
  /** Mean episode return of each iteration under the run's own reward: not comparable between configs. */
  batchRewards: z.array(z.number()),
  outcomeReward: z.number().nullable(),
  resourceReward: z.number().nullable(),
  uniqueAchievementsTotal: count.nullable(),
  evaluation: z.array(evaluation),
  adapterVersions: z.array(z.string()),
  /** Save by the trainer + load by vLLM + first token from the new adapter. */
  adapterSyncSeconds: z.strictObject({ p50: seconds, p95: seconds }).nullable(),
  decisions: z.strictObject({ total: count, dropped: count, invalidActions: count }),
  /** Mean over the steps of the k3 estimate of KL(sampler || trainer), nats a token. */
  mismatchKl: z.number().nullable(),
  /** Largest mean |log-probability sampler - trainer| of any step, nats a token. */
  mismatchMaxMeanDelta: z.number().nullable(),
  mismatchSteps: z.array(mismatchStep),
  trajectoryHash: z.string().nullable(),
  /** The newest adapter that was collected with the run, in `path` below the report's folder; null where none was. */
  adapter: z.strictObject({ version: count, digest: z.string(), path: z.string() }).nullable().default(null),
  seconds: z.strictObject({ rollout: seconds, step: seconds, sync: seconds, evaluation: seconds }),
});

export const report = z.strictObject({
  version: z.literal(1),
  stack: z.string(),
  createdAt: z.iso.datetime(),
  /** Wall-clock seconds of each phase of the command that made this report; a phase that did not happen is absent. */
  phases: z.partialRecord(z.enum(["toolchain", "cluster", "images", "up", "runs", "report", "down"]), seconds),
  runs: z.array(runReport),
  baselines: z.strictObject({ random: measurement.nullable(), untrained: measurement.nullable() }),
  /** Each finished run against the untrained model, then the finished runs against each other. */
  comparisons: z.array(comparison),
  settingsDifferences: z.array(settingsDifference),
  /** GPU time and what it cost, as far as the cluster was asked; null where it was not. */
  bill: bill.nullable(),
  /** What the comparison allows to be said, in full sentences. */
  findings: z.array(z.string()),
  /** What the cluster and the machine still held after teardown; null while the stack is up. Empty is the goal. */
  inventoryAfter: z.array(z.string()).nullable(),
});

export type Report = z.infer<typeof report>;
export type RunReport = z.infer<typeof runReport>;
export type Measurement = z.infer<typeof measurement>;
export type Evaluation = z.infer<typeof evaluation>;
export type Comparison = z.infer<typeof comparison>;
export type SettingsDifference = z.infer<typeof settingsDifference>;
export type KeptAdapter = NonNullable<RunReport["adapter"]>;
export type Phases = Report["phases"];
