import type { RewardConfig } from "../config/normalise.ts";
import type { Problem } from "../config/problem.ts";
import type { Experiment } from "./expand.ts";

const STEPWISE_ONLY = ["indicatorLambda", "rewardWeights", "rewardKLimits"] as const;
const PER_ACHIEVEMENT_ONLY: readonly string[] = ["rewardWeights", "rewardKLimits"];

/**
 * Overrides that change nothing in the config that they are laid over. A run whose override does nothing would stand in the
 * report as if that setting made no difference.
 */
export function effectProblems({ overrides, place }: Experiment, { reward, path }: RewardConfig): Omit<Problem, "file">[] {
  return STEPWISE_ONLY.filter((key) => overrides[key] !== undefined).flatMap((key) => {
    if (!reward.stepwise) {
      return [{ path: place, what: `sets ${key}, which has no effect: ${path} pays no step rewards`, write: "Remove it, or take a stepwise config" }];
    }
    if (reward.strategy === "consistent" && PER_ACHIEVEMENT_ONLY.includes(key)) {
      return [{ path: place, what: `sets ${key}, which has no effect: the step rewards of ${path} are "consistent"`, write: 'Remove it, or take a config with "per_achievement"' }];
    }
    return [];
  });
}
