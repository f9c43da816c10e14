import { RunFailure } from "./failure.ts";
import type { EpisodeRecord } from "./events.ts";
import { decisionFault } from "./identity.ts";
import type { EpisodePlan } from "./rolloutRequest.ts";
import type { RunSpec } from "./runSpec.ts";
import type { DecisionMeta, RolloutAnswer } from "./taskApp.ts";

/** One model call and the actions that it played. */
export interface Decision {
  /** Under the run's own reward. */
  reward: number;
  meta: DecisionMeta;
  /** Why it can't be trained on; null when it can. Its reward counts all the same: the environment did act. */
  fault: string | null;
}

export interface Episode {
  plan: EpisodePlan;
  decisions: Decision[];
  /** Sum of the decisions' rewards. */
  return: number;
  record: EpisodeRecord;
}

/**
 * Reads a rollout's answer as an episode under the run's own reward:
 *
 * - outcome (`stepwise: false`): a decision's reward is the number of achievements that it newly unlocked, so the
 *   episode's return is its outcome reward, the number of unlocked achievements, not divided by anything;
 * - stepwise: a decision's reward is the task app's, λ × (1 if it unlocked anything) for `consistent`, λ × (weights of the
 *   credited achievements + resource reward) for `per_achievement`; λ = 0 means 1 there.
 *
 * `event_rewards_kind` (unique or absolute) changes nothing in Crafter: an achievement unlocks once an episode.
 *
 * Throws a RunFailure if the task app played another world or another number of decisions than asked for, or sent no
 * stepwise rewards to a stepwise run: each would train something other than the config says, and look like a result.
 */
export function readEpisode(answer: RolloutAnswer, plan: EpisodePlan, spec: RunSpec): Episode {
  const [{ steps }] = answer.trajectories;
  const { rewardlab } = answer.metrics.details;
  if (steps.length !== spec.rollout.maxTurns && !steps.at(-1)?.done) {
    throw new RunFailure(
      `the task app played ${steps.length} of ${spec.rollout.maxTurns} decisions of episode ${plan.id}`,
      "its max_llm_calls or max_steps_per_episode is below the config's turns; remove it from policy_config and env_config",
    );
  }
  if (rewardlab.env_seed !== plan.worldSeed) {
    throw new RunFailure(
      `the task app played world ${rewardlab.env_seed} instead of ${plan.worldSeed} in episode ${plan.id}`,
      "remove what sets a seed from env_config and policy_config, then start a new attempt",
    );
  }
  const decisions = steps.map((step): Decision => {
    if (spec.reward.stepwise && !step.info.stepwise) {
      throw new RunFailure(
        `the task app sent no stepwise reward in episode ${plan.id}`,
        "check that the task app's image has the same version as the runner's, then start a new attempt",
      );
    }
    return {
      reward: spec.reward.stepwise ? step.info.stepwise!.reward : (step.reward ?? 0),
      meta: step.info.meta,
      fault: plan.adapter === null ? null : decisionFault(step.info.meta, plan.adapter),
    };
  });
  const sum = decisions.reduce((total, decision) => total + decision.reward, 0);
  const record: EpisodeRecord = {
    id: plan.id,
    group: plan.group,
    envSeed: plan.worldSeed,
    return: sum,
    unlocks: rewardlab.unlocks,
    achievements: rewardlab.achievements.map((achievement) => achievement.name),
    resourceReward: rewardlab.resource_reward,
    decisions: decisions.length,
    dropped: decisions.filter((decision) => decision.fault !== null).length,
    invalidActions: decisions.reduce((total, decision) => total + decision.meta.invalid_actions, 0),
    actions: rewardlab.actions,
    trajectoryHash: rewardlab.trajectory_hash,
  };
  return { plan, decisions, return: sum, record };
}
