import type { AlgorithmSpec, RunSpec } from "../../images/runner/src/runSpec.ts";

/** The values of everything that a reward config may leave out, each with where it comes from. */

type Clip = Pick<AlgorithmSpec, "clipLow" | "clipHigh">;

/**
 * Clip ranges of the ratio. GSPO: 3e-4 and 4e-4, from the paper's experiments (Zheng et al. 2025, arXiv 2507.18071); a
 * sequence's length-normalised ratio moves far less than a token's. GRPO: 0.2 (Shao et al. 2024, arXiv 2402.03300, after
 * PPO, arXiv 1707.06347). Plain policy gradient does not clip; the range only measures the clipped share.
 */
export const CLIP: Record<AlgorithmSpec["kind"], Clip> = {
  gspo: { clipLow: 3e-4, clipHigh: 4e-4 },
  grpo: { clipLow: 0.2, clipHigh: 0.2 },
  policy_gradient: { clipLow: 0.2, clipHigh: 0.2 },
};

/** Truncated importance sampling, 2.0 a token: the default of the RL frameworks that adopted it (verl, SkyRL, slime). */
export const TIS_CLIP = 2.0;

/** Sampling, as the format's [policy] table has it; the decoding is constrained, as its task app asks for. */
export const SAMPLING = { maxTokens: 512, temperature: 0.7, topP: 0.95, toolChoice: "required" } as const;

/** The adapter that all of the format's shipped configs train. */
export const LORA: RunSpec["lora"] = { rank: 16, alpha: 32, dropout: 0, targetModules: ["all-linear"] };

/** AdamW without decay, as is usual for adapters; the gradient's norm is cut at 1. */
export const OPTIMIZER = { weightDecay: 0, maxGradNorm: 1, microBatch: 4, staleness: 0 } as const;

/** The task app's own default seed. */
export const SEED = 42;

/**
 * 0.2 nats a token is above what two bf16 programs differ by on one model (0.1 measured with random weights, which
 * exaggerate) and far below what a stale adapter or a wrong prompt shows.
 */
export const GUARDS: RunSpec["guards"] = { maxLogprobDelta: 0.2, maxDroppedShare: 0.25, maxRetries: 3 };

/** Factor and kind of the step reward when a config is silent: the task app's (a factor of 0 counts as 1.0). */
export const REWARD = { strategy: "consistent", indicatorLambda: 0, stepBeta: 0, eventRewardsKind: "unique" } as const;

/** Names that the task app takes for its two strategies. */
export const STRATEGIES: Record<string, RunSpec["reward"]["strategy"]> = {
  consistent: "consistent", simple: "consistent", consistent_stepwise: "consistent", decision_consistent: "consistent",
  per_achievement: "per_achievement", "per-achievement": "per_achievement", perachievement: "per_achievement",
  achievement_weighted: "per_achievement", complex: "per_achievement",
};
