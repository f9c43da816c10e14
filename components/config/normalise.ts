import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import type { RewardFile } from "../schema/rewardFile.ts";
import { isOn } from "../schema/values.ts";
import { CLIP, LORA, OPTIMIZER, REWARD, SAMPLING, SEED, STRATEGIES, TIS_CLIP } from "./defaults.ts";
import { type Fact, findFact } from "./homes.ts";

/** A reward config in one layout, defaults filled in: the part of a RunSpec that the file alone decides. */
export type RewardConfig = Pick<RunSpec, "seed" | "lora" | "algorithm" | "reward" | "rollout" | "training" | "evaluation"> & {
  /** As the user named it. */
  path: string;
  modelName: string;
  maxModelLen: number | undefined;
  /** The file's task app, undefined for a blank or a placeholder. */
  taskUrl: string | undefined;
};

/** Keys of rollout.policy_config that have a place of their own or that the stack decides. */
const NOT_THE_POLICYS = ["temperature", "top_p", "max_tokens", "max_completion_tokens", "max_llm_calls", "tool_choice",
  "provider", "model", "inference_url", "step_rewards"];

/** Both layouts in, one out. The file must have passed `crossChecks`. */
export function normalise(path: string, file: RewardFile): RewardConfig {
  const fact = <T>(name: Fact): T | undefined => findFact(file, name)?.value as T | undefined;
  const kind = file.algorithm.variety.toLowerCase() as RunSpec["algorithm"]["kind"];
  const { training, rollout } = file;
  return {
    path,
    modelName: fact<string>("model") ?? "",
    maxModelLen: file.vllm?.max_model_len,
    taskUrl: taskUrlOf(file.services?.task_url),
    seed: training.seed ?? SEED,
    lora: {
      rank: fact<RunSpec["lora"]["rank"]>("loraRank") ?? LORA.rank,
      alpha: fact<number>("loraAlpha") ?? LORA.alpha,
      dropout: fact<number>("loraDropout") ?? LORA.dropout,
      targetModules: fact<string[]>("loraTargets") ?? LORA.targetModules,
    },
    algorithm: {
      kind,
      clipLow: file.algorithm.clip_low ?? CLIP[kind].clipLow,
      clipHigh: file.algorithm.clip_high ?? CLIP[kind].clipHigh,
      tisClip: file.algorithm.tis_clip ?? TIS_CLIP,
    },
    reward: {
      stepwise: isOn(fact("rewardEnabled")) === true && fact("rewardMode") === "decision_stepwise",
      strategy: STRATEGIES[fact<string>("rewardStrategy") ?? REWARD.strategy] ?? REWARD.strategy,
      indicatorLambda: fact<number>("rewardLambda") ?? REWARD.indicatorLambda,
      stepBeta: fact<number>("rewardBeta") ?? REWARD.stepBeta,
      weights: fact<RunSpec["reward"]["weights"]>("rewardWeights") ?? {},
      kLimits: fact<RunSpec["reward"]["kLimits"]>("rewardKLimits") ?? {},
      eventRewardsKind: fact<RunSpec["reward"]["eventRewardsKind"]>("eventRewardsKind") ?? REWARD.eventRewardsKind,
    },
    rollout: {
      envName: rollout.env_name,
      policyName: rollout.policy_name,
      maxTurns: rollout.max_turns,
      maxConcurrent: rollout.max_concurrent_rollouts,
      temperature: fact<number>("temperature") ?? SAMPLING.temperature,
      topP: fact<number>("topP") ?? SAMPLING.topP,
      maxTokens: fact<number>("maxTokens") ?? SAMPLING.maxTokens,
      toolChoice: rollout.policy_config?.tool_choice ?? SAMPLING.toolChoice,
      envConfig: without(rollout.env_config, ["step_rewards"]),
      policyConfig: without(rollout.policy_config, NOT_THE_POLICYS),
    },
    training: {
      iterations: training.num_epochs * training.iterations_per_epoch,
      batchSize: training.batch_size,
      groupSize: training.group_size,
      learningRate: training.learning_rate,
      weightDecay: training.weight_decay ?? OPTIMIZER.weightDecay,
      maxGradNorm: training.max_grad_norm ?? OPTIMIZER.maxGradNorm,
      microBatch: training.micro_batch ?? OPTIMIZER.microBatch,
      staleness: training.staleness ?? OPTIMIZER.staleness,
    },
    evaluation: {
      seeds: file.evaluation.seeds.slice(0, file.evaluation.instances),
      everyIterations: file.evaluation.every_n_iters,
    },
  };
}

/** Blank, "placeholder" and an address that only shows where one goes count as none. */
export function taskUrlOf(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed && !/placeholder|your[-_]|[<>…]/i.test(trimmed) ? trimmed.replace(/\/+$/, "") : undefined;
}

function without(table: Record<string, unknown> | undefined, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table ?? {}).filter(([name]) => !names.includes(name)));
}
