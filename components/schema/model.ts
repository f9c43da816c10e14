import { z } from "zod";
import { deprecated, inert, required, requiredInert, used } from "./fields.ts";
import { count, flag } from "./values.ts";

const trainerMode = required(z.enum(["lora", "qlora", "full"]), "only lora is trained here", '"lora"');
const label = requiredInert(z.string().min(1), "a run's name is its file's, or the stack's", '"crafter-rl"');

/** [model]: the legacy home of the model. */
export const modelTable = z.strictObject({
  base: used(z.string().min(1), "the base model, by its hub name", '"Qwen/Qwen3-4B"'),
  source: used(z.string().min(1), "the model to start from, instead of base", '"Qwen/Qwen3-4B"'),
  trainer_mode: trainerMode,
  label,
});

/** [policy]: the new home of the model and of its sampling. */
export const policyTable = z.strictObject({
  model_name: used(z.string().min(1), "the base model, by its hub name", '"Qwen/Qwen3-4B"'),
  source: used(z.string().min(1), "the model to start from, instead of model_name", '"Qwen/Qwen3-4B"'),
  model: deprecated(z.string().min(1), "its place is policy.model_name"),
  trainer_mode: trainerMode,
  label,
  max_tokens: used(count, "most tokens a decision", "512"),
  temperature: used(z.number().positive(), "sampling temperature; above 0, or a group holds one episode many times", "0.6"),
  top_p: used(z.number().positive().max(1), "share of the probability mass that is sampled from", "1.0"),
  top_k: inert(z.int(), "sampling is by temperature and top_p"),
  repetition_penalty: inert(z.number(), "it would sample from another distribution than the one that is trained"),
  stop_sequences: inert(z.array(z.string()), "a decision ends with its tool call"),
  inference_url: inert(z.string(), "decisions come from the stack's own server"),
});

const judgeOptionsTable = z.strictObject({
  event: inert(flag, "there is no judge model here"),
  outcome: inert(flag, "there is no judge model here"),
  provider: inert(z.string(), "there is no judge model here"),
  model: inert(z.string(), "there is no judge model here"),
  rubric_id: inert(z.string(), "there is no judge model here"),
  rubric_overrides: inert(z.record(z.string(), z.unknown()), "there is no judge model here"),
  tracks: inert(z.array(z.unknown()), "there is no judge model here"),
  weights: inert(z.record(z.string(), z.number()), "there is no judge model here"),
  timeout_s: inert(z.number(), "there is no judge model here"),
  max_concurrency: inert(z.int(), "there is no judge model here"),
});

/** [judge], later called [verifier]. */
export const judgeTable = z.strictObject({
  enabled: used(flag, "must be false: there is no judge model here", "false"),
  type: deprecated(z.string(), "the format itself ignores it"),
  timeout_s: deprecated(z.number(), "its place is judge.options.timeout_s"),
  reward_blend: inert(z.looseObject({ enabled: flag.optional() }), "there is no judge model here"),
  rubric: inert(z.unknown(), "there is no judge model here"),
  options: inert(judgeOptionsTable, "there is no judge model here"),
});
