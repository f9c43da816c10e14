import { z } from "zod";
import { deprecated, extension, inert, required, requiredInert, used } from "./fields.ts";
import { count, flag, natural } from "./values.ts";

/** [lora] (legacy) and [training.lora] (new): the adapter that a run trains. */
export const loraTable = z.strictObject({
  r: used(count, "rank of the adapter; one of the ranks that vLLM serves", "16"),
  alpha: used(count, "scale of the adapter: its output is multiplied by alpha / r", "32"),
  dropout: used(z.number().min(0).max(1), "dropout on the adapter's input while training", "0.05"),
  target_modules: used(z.array(z.string().min(1)).min(1), "layers that get an adapter", '["all-linear"]'),
});

/** The reward of a decision; flat in [training] (legacy) or in [training.rewards] (new). */
export const rewardKeys = {
  step_rewards_enabled: used(flag, "pay single decisions, not only the episode", "true"),
  step_rewards_mode: used(
    z.enum(["off", "decision_stepwise", "env_sparse"]), "only decision_stepwise pays decisions", '"decision_stepwise"'),
  step_rewards_strategy: used(
    z.string(), "consistent: 1 for a decision that unlocks anything; per_achievement: weights plus inventory", '"consistent"'),
  step_rewards_indicator_lambda: used(z.number(), "factor of the step reward; 0 counts as 1.0", "1.0"),
  step_rewards_beta: inert(z.number(), "the task app of the format reads it and multiplies nothing with it"),
  step_rewards_weights: used(
    z.record(z.string(), z.number()), "per_achievement: reward of an achievement, 1.0 if not named", "{ collect_wood = 0.8 }"),
  step_rewards_k_limits: used(
    z.record(z.string(), z.int()), "per_achievement: how often an achievement may pay", "{ collect_wood = 1 }"),
  event_rewards_kind: used(z.enum(["unique", "absolute"]), "which count of unlocks an event carries", '"unique"'),
};

/** `step_rewards` inside rollout.env_config or rollout.policy_config: the names under which the task app reads the same. */
export const stepRewardsTable = z.strictObject({
  enabled: used(flag, "pay single decisions", "true"),
  mode: used(z.enum(["off", "decision_stepwise", "env_sparse"]), "only decision_stepwise pays decisions", '"decision_stepwise"'),
  strategy: used(z.string(), "consistent or per_achievement", '"consistent"'),
  indicator_lambda: used(z.number(), "factor of the step reward; 0 counts as 1.0", "1.0"),
  step_beta: inert(z.number(), "the task app of the format reads it and multiplies nothing with it"),
  weights: used(z.record(z.string(), z.number()), "reward of an achievement", "{ collect_wood = 0.8 }"),
  k_limits: used(z.record(z.string(), z.int()), "how often an achievement may pay", "{ collect_wood = 1 }"),
});

const weightSyncTable = z.strictObject({
  enable: inert(flag, "the adapter is always handed to the server"),
  targets: inert(z.array(z.string()), "the policy's adapter is the only target"),
  mode: inert(z.string(), "the hand-over is a directory and a load request"),
  direct: inert(flag, "the hand-over is a directory and a load request"),
  verify_every_k: inert(natural, "every version is verified by digest and canary"),
  interval: inert(count, "the adapter is handed over after every step"),
  weight_sync_interval: inert(count, "the adapter is handed over after every step"),
});

export const trainingTable = z.strictObject({
  num_epochs: required(count, "epochs; iterations = num_epochs x iterations_per_epoch", "1"),
  iterations_per_epoch: required(count, "iterations (rollouts, then one step) an epoch", "10"),
  max_turns: required(count, "decisions an episode, as in [rollout]", "10"),
  batch_size: required(count, "groups (distinct worlds) an iteration", "4"),
  group_size: required(z.int().min(2), "episodes a group; advantages are normalised within it", "4"),
  learning_rate: required(z.number().positive(), "AdamW's learning rate", "5e-5"),
  weight_sync_interval: required(z.literal(1), "the adapter is handed over after every step", "1"),
  log_interval: requiredInert(count, "every step is logged", "1"),
  gradient_accumulation_steps: inert(count, "a step is one update over all samples; training.micro_batch bounds memory"),
  max_accumulated_minibatch: inert(count, "a step is one update over all samples; training.micro_batch bounds memory"),
  async_semaphore_max: inert(count, "rollout.max_concurrent_rollouts bounds what is in flight"),
  ops: inert(z.array(z.string()), "an episode is agent, env, as often as rollout.max_turns says"),
  reward_positive: inert(z.number(), "a reward of the math task"),
  reward_negative_no_tool: inert(z.number(), "a reward of the math task"),
  reward_negative_no_answer: inert(z.number(), "a reward of the math task"),
  weight_sync: inert(weightSyncTable, "the adapter is handed over after every step, as a directory and a load request"),
  lora: used(loraTable, "the adapter that the run trains"),
  rewards: used(z.strictObject(rewardKeys), "the reward of a decision"),
  ...rewardKeys,
  seed: extension(natural, "the run's seed: worlds and sampling derive from it", "42"),
  weight_decay: extension(z.number().min(0), "AdamW's weight decay", "0.0"),
  max_grad_norm: extension(z.number().positive(), "the gradient's norm is cut to this", "1.0"),
  micro_batch: extension(count, "sequences the trainer puts through the model at once", "4"),
  staleness: extension(z.literal([0, 1]), "1: the next iteration is played while the trainer works on this one's step", "0"),
});

export const evaluationTable = z.strictObject({
  instances: required(count, "held-out episodes: the first so many of seeds", "10"),
  every_n_iters: required(count, "evaluate after every n-th iteration", "10"),
  seeds: required(z.array(natural).min(1), "held-out world seeds, one episode a seed", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"),
});

export const dataTable = z.strictObject({
  split: inert(z.string(), "worlds come from the run's seed"),
  seed_start: inert(natural, "worlds come from the run's seed"),
  episodes_per_iteration: inert(count, "episodes = training.batch_size x training.group_size"),
  evaluation_split: inert(z.string(), "held-out worlds are evaluation.seeds"),
  evaluation_episodes: inert(count, "held-out worlds are evaluation.seeds"),
});

/** [rubric]: scores of a judge model in the older layout. */
export const rubricTable = z.strictObject({
  enabled: used(flag, "must be false: there is no judge model here", "false"),
  weights: inert(z.record(z.string(), z.number()), "there is no judge model here"),
  model: deprecated(z.string(), "its place is judge.options.model"),
  api_base: deprecated(z.string(), "its place is judge.options.provider"),
  api_key_env: deprecated(z.string(), "its place is judge.options.provider"),
  event: deprecated(z.unknown(), "its place is judge.options.event"),
  outcome: deprecated(z.unknown(), "its place is judge.options.outcome"),
});
