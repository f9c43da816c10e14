import { z } from "zod";
import { computeTable, referenceTable, topologyTable, vllmTable } from "./compute.ts";
import { extension, freeTable, inert, required, used } from "./fields.ts";
import { judgeTable, modelTable, policyTable } from "./model.ts";
import { rolloutTable } from "./rollout.ts";
import { dataTable, evaluationTable, loraTable, rubricTable, trainingTable } from "./training.ts";

const algorithmTable = z.strictObject({
  type: used(z.string(), "must be online", '"online"'),
  method: used(z.string(), "must be policy_gradient", '"policy_gradient"'),
  variety: required(z.string(), "the loss: gspo, grpo or policy_gradient", '"gspo"'),
  clip_low: extension(z.number().positive(), "the ratio is clipped below 1 - clip_low", "3e-4"),
  clip_high: extension(z.number().positive(), "the ratio is clipped above 1 + clip_high", "4e-4"),
  tis_clip: extension(z.number().positive(), "upper bound of the importance weight trainer / sampler, a token", "2.0"),
});

const servicesTable = z.strictObject({
  task_url: used(z.string(), "the task app; blank or a placeholder means the stack's own", '"placeholder"'),
  judge_url: inert(z.string(), "there is no judge model here"),
  verifier_url: inert(z.string(), "there is no judge model here"),
});

/** [smoke]: settings of another program's smoke command, which that program takes out before it sends a config. */
const smokeTable = z.partialRecord(
  z.enum([
    "task_url", "env_name", "policy_name", "max_steps", "policy", "model", "mock_backend", "mock_port", "return_trace",
    "use_mock", "task_app_name", "task_app_port", "task_app_env_file", "task_app_force", "sqld_auto_start",
    "sqld_db_path", "sqld_hrana_port", "sqld_http_port",
  ]),
  z.unknown(),
);

/**
 * A reward config as it stands in its TOML file: every key of the format, in its legacy and its new layout, each with
 * what it does here. Unknown keys are errors, since a misspelt key that is ignored is a run of another experiment.
 */
export const rewardFile = z.strictObject({
  algorithm: required(algorithmTable, "the loss", '{ variety = "gspo" }'),
  services: used(servicesTable, "where the task app is"),
  compute: required(computeTable, "the GPUs of a run", '{ gpu_type = "H100", gpu_count = 2 }'),
  topology: used(topologyTable, "legacy home of compute.topology"),
  vllm: used(vllmTable, "the inference server"),
  reference: used(referenceTable, "a reference model; none here"),
  model: used(modelTable, "legacy home of the model"),
  policy: used(policyTable, "the model and its sampling"),
  lora: used(loraTable, "legacy home of training.lora"),
  rollout: required(rolloutTable, "how an episode is played", "{ max_turns = 10 }"),
  evaluation: required(evaluationTable, "the held-out worlds", "{ instances = 10 }"),
  training: required(trainingTable, "sizes, step and reward", "{ batch_size = 4 }"),
  data: used(dataTable, "worlds of the math task"),
  rubric: used(rubricTable, "scores of a judge model"),
  judge: used(judgeTable, "scores of a judge model"),
  verifier: used(judgeTable, "later name of [judge]"),
  tags: inert(freeTable(), "tags are kept with the file and go nowhere"),
  smoke: inert(smokeTable, "settings of another program's smoke command"),
});

export type RewardFile = z.infer<typeof rewardFile>;
