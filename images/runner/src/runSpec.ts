import { z } from "zod";

/**
 * RunSpec: everything a reward Job needs to know, resolved. The RewardJob component writes it into a ConfigMap, the
 * runner reads it from /spec/run.json. It holds no secret. A change of any field is a change of the experiment, so the
 * file's hash identifies the run.
 */

/** Adapter ranks that vLLM accepts for --max-lora-rank (its configuration's own list). */
export const LORA_RANKS = [1, 8, 16, 32, 64, 128, 256, 320, 512] as const;

/** The 22 achievements of Crafter 1.8.3, in alphabetical order. */
export const ACHIEVEMENTS = [
  "collect_coal", "collect_diamond", "collect_drink", "collect_iron", "collect_sapling", "collect_stone", "collect_wood",
  "defeat_skeleton", "defeat_zombie", "eat_cow", "eat_plant", "make_iron_pickaxe", "make_iron_sword",
  "make_stone_pickaxe", "make_stone_sword", "make_wood_pickaxe", "make_wood_sword", "place_furnace", "place_plant",
  "place_stone", "place_table", "wake_up",
] as const;

/** A run's name becomes part of object names, adapter names and folders: a DNS label, at most 40 characters. */
export const runName = z.string().regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "a lower-case DNS label of at most 40 characters");

const positive = z.int().min(1);
const share = z.number().min(0).max(1);
const url = z.url({ protocol: /^https?$/ });

export const loraSpec = z.strictObject({
  rank: z.literal(LORA_RANKS),
  alpha: positive,
  dropout: share,
  /** Module names, or ["all-linear"] for every linear layer but the head. */
  targetModules: z.array(z.string().min(1)).min(1),
});

export const algorithmSpec = z.strictObject({
  kind: z.enum(["gspo", "grpo", "policy_gradient"]),
  /** The ratio is clipped to [1 - clipLow, 1 + clipHigh]; GSPO's sequence ratio needs about 3e-4, GRPO's token ratio 0.2. */
  clipLow: z.number().positive(),
  clipHigh: z.number().positive(),
  /** Upper bound of the truncated importance weight trainer/sampler, a token. */
  tisClip: z.number().positive(),
});

export const rewardSpec = z.strictObject({
  /** false: outcome reward only, every decision gets the episode's return. true: each decision its own reward-to-go. */
  stepwise: z.boolean(),
  strategy: z.enum(["consistent", "per_achievement"]),
  indicatorLambda: z.number(),
  stepBeta: z.number(),
  weights: z.partialRecord(z.enum(ACHIEVEMENTS), z.number()),
  kLimits: z.partialRecord(z.enum(ACHIEVEMENTS), z.int()),
  eventRewardsKind: z.enum(["unique", "absolute"]),
});

export const rolloutSpec = z.strictObject({
  envName: z.string().min(1),
  policyName: z.string().min(1),
  /** Decisions (model calls) an episode. */
  maxTurns: positive,
  maxConcurrent: positive,
  temperature: z.number().positive(),
  topP: z.number().positive().max(1),
  maxTokens: positive,
  /** "auto" leaves it to the model and the server's tool parser; "required" constrains the decoding. */
  toolChoice: z.enum(["auto", "required"]),
  envConfig: z.record(z.string(), z.unknown()),
  policyConfig: z.record(z.string(), z.unknown()),
});

export const trainingSpec = z.strictObject({
  iterations: positive,
  /** Groups (distinct worlds) an iteration. */
  batchSize: positive,
  /** Episodes a group: the same world, other samples. Advantages are normalised within a group. */
  groupSize: z.int().min(2),
  learningRate: z.number().positive(),
  weightDecay: z.number().min(0),
  maxGradNorm: z.number().positive(),
  /** Sequences (decisions) the trainer puts through the model at once. */
  microBatch: positive,
  /**
   * Versions between the one that plays an iteration and the one that learns from it. 0: an iteration is played when the step
   * before it is done. 1: it is played while that step is under way, by the version that the step begins from.
   */
  staleness: z.literal([0, 1]),
});

export const evaluationSpec = z.strictObject({
  /** World seeds never trained on, the same for every run of a stack; one episode a seed. */
  seeds: z.array(z.int().min(0)).min(1),
  /** Besides before the first and after the last iteration, evaluate after every n-th one; 0 = only these two. */
  everyIterations: z.int().min(0),
});

export const guardSpec = z.strictObject({
  /** Mean |log-probability sampler - trainer|, nats a token, above which the run ends. */
  maxLogprobDelta: z.number().positive(),
  /** Share of an iteration's decisions that may be dropped (wrong served adapter, tokens missing) before the run ends. */
  maxDroppedShare: share,
  /** Retries of a rollout, step or load that failed for a passing reason. */
  maxRetries: z.int().min(0),
});

/** A place for what a run leaves, beside its own output. Keys for it are in the environment. */
export const resultsPlace = z.discriminatedUnion("kind", [
  /** The stack's own store (images/store). */
  z.strictObject({ kind: z.literal("store"), url }),
  /** A bucket of an S3-compatible server. */
  z.strictObject({ kind: z.literal("s3"), endpoint: url, region: z.string().min(1), bucket: z.string().min(1), prefix: z.string().default("") }),
]);

export const runSpec = z.strictObject({
  version: z.literal(1),
  name: runName,
  stack: z.string().min(1),
  /** Path of the TOML in the repo and the hash of its resolved content: two runs with one hash are one experiment. */
  config: z.strictObject({ path: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  attempt: positive,
  seed: z.int().min(0),
  model: z.strictObject({ name: z.string().min(1), maxModelLen: positive }),
  endpoints: z.strictObject({ taskApp: url, vllm: url, trainer: url }),
  lora: loraSpec,
  algorithm: algorithmSpec,
  reward: rewardSpec,
  rollout: rolloutSpec,
  training: trainingSpec,
  evaluation: evaluationSpec,
  guards: guardSpec,
  /** Left out: nowhere but in the pod's log and on the trainer's disk. */
  results: resultsPlace.optional(),
});

export type RunSpec = z.infer<typeof runSpec>;
export type ResultsPlace = z.infer<typeof resultsPlace>;
export type RewardSpec = z.infer<typeof rewardSpec>;
export type AlgorithmSpec = z.infer<typeof algorithmSpec>;
