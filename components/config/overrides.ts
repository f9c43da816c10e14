import { z } from "zod";
import { guardSpec, LORA_RANKS, rewardSpec, rolloutSpec, trainingSpec } from "../../images/runner/src/runSpec.ts";
import type { RewardConfig } from "./normalise.ts";

/**
 * What a stack may set for all of its runs at once, over what the files say: a small run on a small machine, or a larger
 * evaluation. What is not set here is the file's.
 */
export const runOverrides = z.strictObject({
  iterations: trainingSpec.shape.iterations,
  batchSize: trainingSpec.shape.batchSize,
  groupSize: trainingSpec.shape.groupSize,
  learningRate: trainingSpec.shape.learningRate,
  weightDecay: trainingSpec.shape.weightDecay,
  maxGradNorm: trainingSpec.shape.maxGradNorm,
  microBatch: trainingSpec.shape.microBatch,
  staleness: trainingSpec.shape.staleness,
  maxTurns: rolloutSpec.shape.maxTurns,
  maxConcurrent: rolloutSpec.shape.maxConcurrent,
  maxTokens: rolloutSpec.shape.maxTokens,
  temperature: rolloutSpec.shape.temperature,
  topP: rolloutSpec.shape.topP,
  toolChoice: rolloutSpec.shape.toolChoice,
  loraRank: z.literal(LORA_RANKS),
  loraAlpha: z.int().min(1),
  loraDropout: z.number().min(0).max(1),
  /** Number of held-out worlds: the seeds 0 to n - 1. */
  evaluationSeeds: z.int().min(1).max(10_000),
  evaluateEvery: z.int().min(0),
  seed: z.int().min(0),
  guards: guardSpec.partial(),
}).partial();

export type RunOverrides = z.infer<typeof runOverrides>;

/**
 * What one experiment may set over its file and over what the stack sets for all. The held-out worlds are not among it:
 * results on other worlds can't be compared.
 */
export const experimentOverrides = runOverrides.omit({ evaluationSeeds: true }).extend({
  indicatorLambda: rewardSpec.shape.indicatorLambda.optional(),
  /** Laid over the file's, achievement by achievement. */
  rewardWeights: rewardSpec.shape.weights.optional(),
  rewardKLimits: rewardSpec.shape.kLimits.optional(),
});

export type ExperimentOverrides = z.infer<typeof experimentOverrides>;

/** Both together: the stack's for all runs, and over them the experiment's own. */
export type Overrides = RunOverrides & ExperimentOverrides;

/** The config as the stack runs it. */
export function applyOverrides(config: RewardConfig, overrides: Overrides): RewardConfig {
  const { evaluationSeeds, evaluateEvery, seed, loraRank, loraAlpha, loraDropout } = overrides;
  return {
    ...config,
    seed: seed ?? config.seed,
    lora: {
      ...config.lora,
      rank: loraRank ?? config.lora.rank, alpha: loraAlpha ?? config.lora.alpha, dropout: loraDropout ?? config.lora.dropout,
    },
    reward: {
      ...config.reward, ...pick(overrides, ["indicatorLambda"]),
      weights: { ...config.reward.weights, ...overrides.rewardWeights },
      kLimits: { ...config.reward.kLimits, ...overrides.rewardKLimits },
    },
    rollout: { ...config.rollout, ...pick(overrides, ["maxTurns", "maxConcurrent", "maxTokens", "temperature", "topP", "toolChoice"]) },
    training: {
      ...config.training,
      ...pick(overrides, ["iterations", "batchSize", "groupSize", "learningRate", "weightDecay", "maxGradNorm", "microBatch", "staleness"]),
    },
    evaluation: {
      seeds: evaluationSeeds === undefined ? config.evaluation.seeds : Array.from({ length: evaluationSeeds }, (_, seed) => seed),
      everyIterations: evaluateEvery ?? config.evaluation.everyIterations,
    },
  };
}

/** The named values that are set. */
function pick<K extends keyof Overrides>(overrides: Overrides, names: readonly K[]): Pick<Overrides, K> {
  return Object.fromEntries(names.flatMap((name) => (overrides[name] === undefined ? [] : [[name, overrides[name]]]))) as Pick<Overrides, K>;
}
