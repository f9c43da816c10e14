import { valueAt } from "./issues.ts";

/**
 * The homes of each fact: the format grew, and one fact may stand in its legacy table, its new one, or where the task app
 * reads it. All homes are read; the first one wins, and two that differ are refused, since nobody can tell which was meant.
 */
export const HOMES = {
  model: ["policy.model_name", "policy.source", "policy.model", "model.base", "model.source"],
  trainerMode: ["policy.trainer_mode", "model.trainer_mode"],
  maxTurns: ["rollout.max_turns", "training.max_turns", "rollout.policy_config.max_llm_calls"],
  maxTokens: ["rollout.policy_config.max_tokens", "policy.max_tokens"],
  temperature: ["rollout.policy_config.temperature", "policy.temperature"],
  topP: ["rollout.policy_config.top_p", "policy.top_p"],
  loraRank: ["training.lora.r", "lora.r"],
  loraAlpha: ["training.lora.alpha", "lora.alpha"],
  loraDropout: ["training.lora.dropout", "lora.dropout"],
  loraTargets: ["training.lora.target_modules", "lora.target_modules"],
  gpusForVllm: ["compute.topology.gpus_for_vllm", "topology.gpus_for_vllm"],
  gpusForTraining: ["compute.topology.gpus_for_training", "topology.gpus_for_training"],
  gpusForRef: ["compute.topology.gpus_for_ref", "topology.gpus_for_ref"],
  tensorParallel: ["compute.topology.tensor_parallel", "topology.tensor_parallel"],
  referencePlacement: ["compute.topology.reference_placement", "topology.reference_placement", "reference.placement"],
  rewardEnabled: rewardHomes("enabled", "step_rewards_enabled"),
  rewardMode: rewardHomes("mode", "step_rewards_mode"),
  rewardStrategy: rewardHomes("strategy", "step_rewards_strategy"),
  rewardLambda: rewardHomes("indicator_lambda", "step_rewards_indicator_lambda"),
  rewardBeta: rewardHomes("step_beta", "step_rewards_beta"),
  rewardWeights: rewardHomes("weights", "step_rewards_weights"),
  rewardKLimits: rewardHomes("k_limits", "step_rewards_k_limits"),
  eventRewardsKind: ["training.rewards.event_rewards_kind", "training.event_rewards_kind"],
} as const satisfies Record<string, readonly string[]>;

export type Fact = keyof typeof HOMES;

export interface Found {
  path: string;
  value: unknown;
}

/** Every home of a fact that the document fills, the winner first. */
export function homesOf(document: unknown, fact: Fact): Found[] {
  return HOMES[fact].flatMap((path) => {
    const value = valueAt(document, path.split("."));
    return value === undefined ? [] : [{ path, value }];
  });
}

/** The value of a fact and the key that gave it. */
export function findFact(document: unknown, fact: Fact): Found | undefined {
  return homesOf(document, fact)[0];
}

/** Pairs of homes that give one fact two values. */
export function conflicts(document: unknown): { fact: Fact; first: Found; other: Found }[] {
  return (Object.keys(HOMES) as Fact[]).flatMap((fact) => {
    const [first, ...others] = homesOf(document, fact);
    return first === undefined ? [] : others
      .filter((other) => canonicalJson(other.value) !== canonicalJson(first.value))
      .map((other) => ({ fact, first, other }));
  });
}

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (inner !== null && typeof inner === "object" && !Array.isArray(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
    : inner));
}

function rewardHomes(taskAppName: string, name: string): readonly string[] {
  return [
    `rollout.policy_config.step_rewards.${taskAppName}`, `rollout.env_config.step_rewards.${taskAppName}`,
    `training.rewards.${name}`, `training.${name}`,
  ];
}
