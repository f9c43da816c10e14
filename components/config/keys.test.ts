import { describe, expect, it } from "vitest";
import { HOMES } from "./homes.ts";
import { keyAt, knownKeys, suggestKey } from "./keys.ts";

describe("the table of known keys", () => {
  it("holds every key that the format lists", () => {
    const listed = [
      "algorithm.type", "algorithm.method", "algorithm.variety", "services.task_url", "services.judge_url", "services.verifier_url",
      "compute.gpu_type", "compute.gpu_count", "compute.nodes", "compute.topology", "topology.type", "topology.gpus_for_vllm",
      "topology.gpus_for_training", "topology.gpus_for_ref", "topology.tensor_parallel", "topology.reference_placement",
      "vllm.tensor_parallel_size", "vllm.max_model_len", "reference.placement", "reference.port", "reference.tp",
      "reference.health_max_wait_s", "reference.health_interval_ms", "model.source", "model.base", "model.trainer_mode", "model.label",
      "policy.model_name", "policy.source", "policy.trainer_mode", "policy.label", "policy.max_tokens", "policy.temperature", "policy.top_p",
      "policy.top_k", "policy.repetition_penalty", "policy.stop_sequences", "policy.inference_url", "policy.model",
      "lora.r", "lora.alpha", "lora.dropout", "lora.target_modules", "training.lora.r", "rollout.env_name", "rollout.policy_name",
      "rollout.max_turns", "rollout.episodes_per_batch", "rollout.max_concurrent_rollouts", "rollout.env_config", "rollout.policy_config",
      "rollout.batches_per_step", "rollout.ops", "rollout.rubric_rewards_only", "rollout.task_app_origin_rewards_only",
      "rollout.env_config.step_rewards.step_beta", "rollout.policy_config.temperature",
      "training.num_epochs", "training.iterations_per_epoch", "training.max_turns", "training.batch_size", "training.group_size",
      "training.learning_rate", "training.gradient_accumulation_steps", "training.max_accumulated_minibatch", "training.log_interval",
      "training.weight_sync_interval", "training.async_semaphore_max", "training.weight_sync.enable", "training.weight_sync.targets",
      "training.weight_sync.mode", "training.weight_sync.direct", "training.weight_sync.verify_every_k", "training.weight_sync.interval",
      "training.weight_sync.weight_sync_interval", "training.ops", "training.reward_positive", "training.reward_negative_no_tool",
      "training.reward_negative_no_answer", "evaluation.instances", "evaluation.every_n_iters", "evaluation.seeds",
      "data.split", "data.seed_start", "data.episodes_per_iteration", "data.evaluation_split", "data.evaluation_episodes",
      "rubric.enabled", "rubric.weights", "rubric.model", "rubric.api_base", "rubric.api_key_env", "judge.type", "judge.timeout_s",
      "judge.enabled", "judge.reward_blend", "judge.rubric", "judge.options.event", "judge.options.provider", "judge.options.rubric_overrides",
      "judge.options.max_concurrency", "verifier.options.model", "tags", "smoke",
      ...["enabled", "mode", "indicator_lambda", "beta", "strategy", "weights", "k_limits"]
        .flatMap((name) => [`training.step_rewards_${name}`, `training.rewards.step_rewards_${name}`]),
      "training.event_rewards_kind", "training.rewards.event_rewards_kind",
    ];
    expect(listed.filter((path) => keyAt(path) === undefined)).toEqual([]);
  });

  it("says of every key what it does here", () => {
    expect(knownKeys.filter(({ text }) => text === "")).toEqual([]);
    expect(new Set(knownKeys.map(({ status }) => status))).toEqual(new Set(["used", "extension", "inert", "deprecated"]));
  });

  it("holds every home of every fact", () => {
    expect(Object.values(HOMES).flat().filter((path) => keyAt(path) === undefined)).toEqual([]);
  });

  it("suggests from the same table first, then the same name elsewhere", () => {
    expect(suggestKey("training", "grup_size")).toBe("training.group_size");
    expect(suggestKey("training", "env_name")).toBe("rollout.env_name");
    expect(suggestKey("", "traning")).toBe("training");
    expect(suggestKey("training", "wholly_unrelated_thing")).toBeUndefined();
  });
});
