import { z } from "zod";
import { inert, required, used } from "./fields.ts";
import { stepRewardsTable } from "./training.ts";
import { count, flag } from "./values.ts";

const share = z.number().positive().max(1);

/** Handed to the environment with every episode; keys that are not named here are the environment's own. */
const envConfigTable = z.looseObject({
  difficulty: used(z.string(), "kept by the task app as metadata", '"normal"'),
  step_rewards: used(stepRewardsTable, "the reward of a decision, under the task app's names"),
});

/** Handed to the policy with every episode; keys that are not named here are the policy's own. */
const policyConfigTable = z.looseObject({
  temperature: used(z.number().positive(), "sampling temperature; above 0, or a group holds one episode many times", "0.6"),
  top_p: used(share, "share of the probability mass that is sampled from", "1.0"),
  max_tokens: used(count, "most tokens a decision", "512"),
  max_completion_tokens: inert(count, "read for hosted reasoning models alone; policy_config.max_tokens counts"),
  max_llm_calls: used(count, "decisions an episode, as rollout.max_turns", "10"),
  tool_choice: used(z.enum(["auto", "required"]), "required constrains the decoding to a tool call", '"auto"'),
  provider: inert(z.string(), "decisions come from the stack's own server"),
  model: inert(z.string(), "every request names the run's own adapter"),
  inference_url: inert(z.string(), "decisions come from the stack's own server"),
  step_rewards: used(stepRewardsTable, "the reward of a decision, under the task app's names"),
});

export const rolloutTable = z.strictObject({
  env_name: required(z.string().min(1), "the environment", '"crafter"'),
  policy_name: required(z.string().min(1), "the policy inside the task app", '"crafter-react"'),
  max_turns: required(count, "decisions (model calls) an episode", "10"),
  episodes_per_batch: required(count, "must divide batch_size x group_size", "4"),
  max_concurrent_rollouts: required(count, "episodes in flight at once", "8"),
  batches_per_step: inert(count, "a step trains on one iteration: batch_size x group_size episodes"),
  ops: inert(z.array(z.unknown()), "an episode is agent, env, as often as max_turns says"),
  task_app_origin_rewards_only: used(flag, "rewards come from the task app; must be true", "true"),
  rubric_rewards_only: used(flag, "rewards come from a judge model; there is none here", "false"),
  env_config: used(envConfigTable, "handed to the environment with every episode"),
  policy_config: used(policyConfigTable, "handed to the policy with every episode"),
});
