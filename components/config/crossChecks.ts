import { ACHIEVEMENTS, LORA_RANKS } from "../../images/runner/src/runSpec.ts";
import type { RewardFile } from "../schema/rewardFile.ts";
import { isOn } from "../schema/values.ts";
import { SAMPLING, STRATEGIES } from "./defaults.ts";
import type { Finding } from "./finding.ts";
import { conflicts, type Fact, findFact, homesOf } from "./homes.ts";
import { taskUrlOf } from "./normalise.ts";
import { nearest } from "./suggest.ts";
import { isHttpUrl } from "./taskUrl.ts";
import { topologyChecks } from "./topologyChecks.ts";

const REASONS: Partial<Record<Fact, string>> = {
  maxTurns: "an episode has one number of decisions, and the runs would not be comparable",
  model: "a run trains one model",
};

/** Every combination in a file that cannot be, with its reason and its remedy. */
export function crossChecks(file: RewardFile): Finding[] {
  return [
    ...conflicts(file).map(({ fact, first, other }) => ({
      path: other.path,
      what: `is ${JSON.stringify(other.value)} but ${first.path} is ${JSON.stringify(first.value)}: `
        + (REASONS[fact] ?? "they are two homes of one setting"),
      write: `Keep one of them, or give both the same value`,
    })),
    ...algorithmChecks(file), ...modelChecks(file), ...rewardChecks(file), ...achievementChecks(file),
    ...topologyChecks(file), ...sizeChecks(file),
  ];
}

function algorithmChecks({ algorithm }: RewardFile): Finding[] {
  const oneOf = (name: "type" | "method" | "variety", allowed: string[], why: string): Finding[] => {
    const value = algorithm[name]?.toLowerCase();
    return value === undefined || allowed.includes(value) ? [] : [{
      path: `algorithm.${name}`, what: `is "${algorithm[name]}": ${why}`,
      write: `Write algorithm.${name} = ${JSON.stringify(nearest(value, allowed) ?? allowed[0])} (known: ${allowed.join(", ")})`,
    }];
  };
  return [
    ...oneOf("type", ["online"], "episodes are played while training"),
    ...oneOf("method", ["policy_gradient"], "there is no critic, and the loss is named by variety"),
    ...oneOf("variety", ["gspo", "grpo", "policy_gradient"], "no such loss"),
    ...((algorithm.clip_low ?? 0) < 1 ? [] : [{
      path: "algorithm.clip_low", what: "is 1 or more: a ratio is never below 0, so nothing would be clipped",
      write: "Write a value below 1",
    }]),
  ];
}

function modelChecks(file: RewardFile): Finding[] {
  const mode = findFact(file, "trainerMode");
  return [
    ...(findFact(file, "model") ? [] : [{
      path: file.policy ? "policy.model_name" : "model.base", what: "is missing: a run needs a model to train",
      write: file.policy ? 'Write policy.model_name = "Qwen/Qwen3-4B"' : 'Write [model] base = "Qwen/Qwen3-4B"',
    }]),
    ...(mode && mode.value !== "lora" ? [{
      path: mode.path, what: `is "${String(mode.value)}": the trainer trains a LoRA adapter over an unquantised model`,
      write: `Write ${mode.path} = "lora"`,
    }] : []),
    ...homesOf(file, "loraRank").filter(({ value }) => !LORA_RANKS.some((rank) => rank === value)).map(({ path, value }) => ({
      path, what: `is ${String(value)}, which is not among the ranks that vLLM serves: ${LORA_RANKS.join(", ")}`,
      write: `Write ${path} = ${LORA_RANKS.find((rank) => rank >= Number(value)) ?? 16}`,
    })),
    ...judgeChecks(file),
  ];
}

function judgeChecks(file: RewardFile): Finding[] {
  const homes = [["rubric.enabled", file.rubric?.enabled], ["judge.enabled", file.judge?.enabled],
    ["verifier.enabled", file.verifier?.enabled], ["judge.reward_blend.enabled", file.judge?.reward_blend?.enabled]] as const;
  const origin = file.rollout.task_app_origin_rewards_only;
  return [
    ...homes.filter(([, value]) => isOn(value)).map(([path]) => ({
      path, what: "is true: there is no judge model here, and a reward without its judge is another reward",
      write: `Write ${path} = false`,
    })),
    ...(isOn(file.rollout.rubric_rewards_only) ? [{
      path: "rollout.rubric_rewards_only", what: "is true: there is no judge model here",
      write: "Remove it and write rollout.task_app_origin_rewards_only = true",
    }] : isOn(origin) ? [] : [{
      path: "rollout.task_app_origin_rewards_only", what: `is ${origin === undefined ? "missing" : "false"}: a config must say where its rewards come from`,
      write: "Write rollout.task_app_origin_rewards_only = true",
    }]),
  ];
}

function rewardChecks(file: RewardFile): Finding[] {
  const strategy = findFact(file, "rewardStrategy");
  const mode = findFact(file, "rewardMode");
  const enabled = findFact(file, "rewardEnabled");
  const on = isOn(enabled?.value as boolean | undefined) === true;
  return [
    ...(strategy && !(String(strategy.value).toLowerCase() in STRATEGIES) ? [{
      path: strategy.path, what: `is "${String(strategy.value)}", which the task app would silently take for "consistent"`,
      write: `Write ${strategy.path} = "${nearest(String(strategy.value), Object.keys(STRATEGIES)) ?? "consistent"}"`,
    }] : []),
    ...(on && (mode === undefined || mode.value === "off") ? [{
      path: mode?.path ?? enabled!.path,
      what: `step rewards are enabled but their mode is ${mode ? '"off"' : "not given, which means off"}: no decision would be paid`,
      write: 'Write step_rewards_mode = "decision_stepwise", or disable step rewards',
    }] : []),
  ];
}

function achievementChecks(file: RewardFile): Finding[] {
  return (["rewardWeights", "rewardKLimits"] as const).flatMap((fact) => homesOf(file, fact).flatMap(({ path, value }) =>
    Object.keys(value as object).filter((name) => !ACHIEVEMENTS.some((known) => known === name)).map((name) => ({
      path: `${path}.${name}`, what: "names no achievement of Crafter, so it would never pay",
      write: `Write ${name === "collect_food" ? "eat_cow" : nearest(name, ACHIEVEMENTS) ?? `one of ${ACHIEVEMENTS.join(", ")}`}, or remove it`,
    }))));
}

function sizeChecks(file: RewardFile): Finding[] {
  const { training, rollout, evaluation } = file;
  const episodes = training.batch_size * training.group_size;
  const maxTokens = findFact(file, "maxTokens")?.value as number | undefined ?? SAMPLING.maxTokens;
  const maxModelLen = file.vllm?.max_model_len;
  const taskUrl = taskUrlOf(file.services?.task_url);
  const crafter = rollout.env_name === "crafter" || taskUrl !== undefined;
  return [
    ...(episodes % rollout.episodes_per_batch === 0 ? [] : [{
      path: "rollout.episodes_per_batch",
      what: `is ${rollout.episodes_per_batch}, which does not divide the ${training.batch_size} x ${training.group_size} = ${episodes} `
        + "episodes of an iteration (training.batch_size x training.group_size): a batch would straddle two steps",
      write: `Write a divisor of ${episodes}, for example ${training.group_size}`,
    }]),
    ...(evaluation.instances <= evaluation.seeds.length ? [] : [{
      path: "evaluation.instances", what: `is ${evaluation.instances}, more than the ${evaluation.seeds.length} seeds: a world played twice is no second sample`,
      write: `Write evaluation.instances = ${evaluation.seeds.length}, or add seeds`,
    }]),
    ...(new Set(evaluation.seeds).size === evaluation.seeds.length ? [] : [{
      path: "evaluation.seeds", what: "names a seed twice: a world played twice is no second sample", write: "Remove the repeated seed",
    }]),
    ...(maxModelLen === undefined || maxTokens < maxModelLen ? [] : [{
      path: "vllm.max_model_len", what: `is ${maxModelLen}, not more than the ${maxTokens} tokens of one decision: no room for a prompt`,
      write: "Raise vllm.max_model_len or lower max_tokens",
    }]),
    ...(taskUrl === undefined || isHttpUrl(taskUrl) ? [] : [{
      path: "services.task_url", what: `is ${JSON.stringify(taskUrl)}, which is no http or https address`,
      write: 'Write for example services.task_url = "https://task-app.example.com", or "placeholder" for the stack\'s own',
    }]),
    ...(crafter ? [] : [{
      path: "rollout.env_name", what: `is "${rollout.env_name}": the stack's task app plays crafter`,
      write: 'Write rollout.env_name = "crafter", or name another task app in services.task_url',
    }]),
  ];
}
