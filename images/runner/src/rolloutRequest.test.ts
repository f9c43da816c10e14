import { expect, test } from "vitest";
import { fakeSpec } from "../test/fakeSpec.ts";
import { type EpisodePlan, rolloutRequest } from "./rolloutRequest.ts";

const url = "http://localhost";
const plan: EpisodePlan = {
  id: "r-i1-g0-e0",
  group: "i1-g0",
  worldSeed: 5,
  samplerSeed: 6,
  mode: "rl",
  adapter: "r-v0",
};
const request = (change: Parameters<typeof fakeSpec>[1], of = plan): any =>
  rolloutRequest(fakeSpec({ taskApp: url, vllm: url, trainer: url }, change), "http://vllm:8000", of);

test("a request names its adapter, its seeds and its turns", () => {
  const { run_id, env, policy, ops, mode } = request(() => {});
  expect([run_id, env.seed, mode, ops]).toEqual([
    "r-i1-g0-e0",
    5,
    "rl",
    ["agent", "env", "agent", "env", "agent", "env", "agent", "env"],
  ]);
  expect(policy.config).toMatchObject({
    model: "r-v0",
    inference_url: "http://vllm:8000/v1",
    sampler_seed: 6,
    max_llm_calls: 4,
    return_tokens: true,
    on_invalid: "noop",
    trace_correlation_id: "r-i1-g0-e0",
    use_tools: true,
  });
});

test("the run's reward decides, whatever policy_config and env_config say", () => {
  const off = request((spec) => {
    spec.reward.stepwise = false;
    spec.rollout.policyConfig = { step_rewards: { enabled: true, mode: "decision_stepwise" }, max_llm_calls: 99 };
    spec.rollout.envConfig = { step_rewards: { enabled: true } };
  });
  expect(off.env.config.step_rewards).toMatchObject({ enabled: false, mode: "off" });
  expect(off.policy.config.step_rewards).toEqual(off.env.config.step_rewards);
  expect(off.policy.config.max_llm_calls).toBe(4);
  const shaped = request((spec) => {
    spec.reward = {
      ...spec.reward,
      strategy: "per_achievement",
      indicatorLambda: 0.5,
      stepBeta: 0.1,
      weights: { collect_wood: 0.8 },
    };
  });
  expect(shaped.env.config.step_rewards).toEqual({
    enabled: true,
    mode: "decision_stepwise",
    strategy: "per_achievement",
    indicator_lambda: 0.5,
    step_beta: 0.1,
    weights: { collect_wood: 0.8 },
    k_limits: {},
  });
});

test("the random policy is asked for by name", () => {
  expect(request(() => {}, { ...plan, adapter: null, mode: "eval" }).policy.policy_name).toBe("random");
});
