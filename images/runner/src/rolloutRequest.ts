import type { RunSpec } from "./runSpec.ts";

/** One episode to be played. */
export interface EpisodePlan {
  /** Unique in the run; also the rollout's run_id and trace correlation id. */
  id: string;
  group: string;
  worldSeed: number;
  samplerSeed: number;
  mode: "rl" | "eval";
  /** Adapter that decides, or null for the random policy, which needs no model. */
  adapter: string | null;
}

/**
 * Body of `POST /rollout` for one episode: ["agent", "env"] once a turn, tokens and log-probabilities asked for, and the
 * run's reward settings as the environment's `step_rewards` (the TOML's `step_rewards_beta` is `step_beta` there).
 *
 * `max_llm_calls` must be sent: the task app cuts every rollout to 10 turns otherwise. `on_done: "terminate"` keeps one
 * episode in one world.
 */
export function rolloutRequest(spec: RunSpec, vllmUrl: string, plan: EpisodePlan): Record<string, unknown> {
  const { rollout, reward } = spec;
  const stepRewards = {
    enabled: reward.stepwise,
    mode: reward.stepwise ? "decision_stepwise" : "off",
    strategy: reward.strategy,
    indicator_lambda: reward.indicatorLambda,
    step_beta: reward.stepBeta,
    weights: reward.weights,
    k_limits: reward.kLimits,
  };
  return {
    run_id: plan.id,
    mode: plan.mode,
    env: {
      env_name: rollout.envName,
      seed: plan.worldSeed,
      config: { ...rollout.envConfig, step_rewards: stepRewards },
    },
    policy: {
      policy_name: plan.adapter === null ? "random" : rollout.policyName,
      config: {
        ...rollout.policyConfig,
        model: plan.adapter ?? "random",
        inference_url: `${vllmUrl}/v1`,
        temperature: rollout.temperature,
        top_p: rollout.topP,
        max_tokens: rollout.maxTokens,
        max_llm_calls: rollout.maxTurns,
        tool_choice: rollout.toolChoice,
        on_invalid: "noop",
        sampler_seed: plan.samplerSeed,
        return_tokens: true,
        trace_correlation_id: plan.id,
        // Here too, because the policy's setting would win over the environment's.
        step_rewards: stepRewards,
      },
    },
    ops: Array.from({ length: rollout.maxTurns }, () => ["agent", "env"]).flat(),
    record: { trajectories: true, logprobs: true, value: false, ...(spec.results ? { return_trace: true, trace_format: "full" } : { return_trace: false, trace_format: "none" }) },
    on_done: "terminate",
  };
}
