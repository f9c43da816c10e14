"""Stepwise rewards as the response carries them (contract, section 4.6)."""

from collections.abc import Sequence
from typing import Any

from .calls import ToolCall
from .rewards import DecisionReward
from .step_rewards import StepRewards


def stepwise_info(index: int, reward: DecisionReward, settings: StepRewards) -> dict[str, Any]:
    """`step.info.stepwise` of decision `index` (1-based); keys with nothing to say are left out."""
    optional: dict[str, Any] = {
        "components": reward.components,
        "credited_achievements": reward.credited,
        "resource_reward": reward.resources.total,
        "inventory_deltas": reward.resources.deltas,
    }
    return {
        "decision_index": index,
        "indicator": reward.indicator,
        "new_achievements": reward.unlocked,
        "reward": reward.reward,
        "strategy": settings.strategy,
        "base_reward": reward.base,
        **{key: value for key, value in optional.items() if value},
    }


def decision_sample(
    index: int, reward: DecisionReward, settings: StepRewards, calls: Sequence[ToolCall]
) -> dict[str, Any]:
    """The decision's entry in `trajectory.decision_samples`."""
    optional: dict[str, Any] = {"components": reward.components, "resource_reward": reward.resources.total}
    return {
        "decision_index": index,
        "indicator": reward.indicator,
        "r_i": reward.reward,
        "base": reward.base,
        "strategy": settings.strategy,
        "actions": [call.as_dict() for call in calls],
        **{key: value for key, value in optional.items() if value},
    }


def stepwise_summary(
    rewards: Sequence[DecisionReward], settings: StepRewards, seen: set[str], unlocked_at_end: Sequence[str]
) -> dict[str, Any]:
    """`metrics.details.stepwise` of the episode. resource_reward is the sum before λ."""
    summary: dict[str, Any] = {
        "indicator_sum": float(sum(reward.indicator for reward in rewards)),
        "reward_sum": float(sum(reward.reward for reward in rewards)),
        "resource_reward": float(sum(reward.resources.total for reward in rewards)),
        "new_achievements_total": sum(len(reward.unlocked) for reward in rewards),
        "mode": settings.mode,
        "strategy": settings.strategy,
        "indicator_lambda": settings.indicator_lambda,
        "unique_achievements_total": len(seen),
        "unique_achievements": sorted(seen),
        "final_achievements": sorted(unlocked_at_end),
    }
    if settings.step_beta:
        summary["step_beta"] = settings.step_beta
    if settings.strategy == "per_achievement":
        summary |= {
            key: value for key, value in (("weights", settings.weights), ("k_limits", settings.k_limits)) if value
        }
    return summary
