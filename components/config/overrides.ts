import { z } from "zod";
import { guardSpec, LORA_RANKS, rolloutSpec, trainingSpec } from "../../images/runner/src/runSpec.ts";
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

/** The config as the stack runs it. */
export function applyOverrides(config: RewardConfig, overrides: RunOverrides): RewardConfig {
  const { evaluationSeeds, evaluateEvery, seed, loraRank, loraAlpha, loraDropout } = overrides;
  return {
    ...config,
    seed: seed ?? config.seed,
    lora: {
      ...config.lora,
      rank: loraRank ?? config.lora.rank, alpha: loraAlpha ?? config.lora.alpha, dropout: loraDropout ?? config.lora.dropout,
    },
    rollout: { ...config.rollout, ...pick(overrides, ["maxTurns", "maxConcurrent", "maxTokens", "temperature", "topP", "toolChoice"]) },
    training: {
      ...config.training,
      ...pick(overrides, ["iterations", "batchSize", "groupSize", "learningRate", "weightDecay", "maxGradNorm", "microBatch"]),
    },
    evaluation: {
      seeds: evaluationSeeds === undefined ? config.evaluation.seeds : Array.from({ length: evaluationSeeds }, (_, seed) => seed),
      everyIterations: evaluateEvery ?? config.evaluation.everyIterations,
    },
  };
}

/** The named values that are set. */
function pick<K extends keyof RunOverrides>(overrides: RunOverrides, names: readonly K[]): Pick<RunOverrides, K> {
  return Object.fromEntries(names.flatMap((name) => (overrides[name] === undefined ? [] : [[name, overrides[name]]]))) as Pick<RunOverrides, K>;
}
