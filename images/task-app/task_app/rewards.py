"""The reward of one decision: pure functions of the state before and after it (contract, sections 4.2-4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .resource_reward import ResourceReward, resource_reward
from .step_rewards import StepRewards

DEFAULT_WEIGHT = 1.0
DEFAULT_K_LIMIT = 1


def unlocked_between(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Achievements that were not there before and are there after, in alphabetical order."""
    return sorted(name for name, count in after.items() if count > 0 and before.get(name, 0) <= 0)


def outcome_reward(unlocked: Sequence[str]) -> float | None:
    """The environment's reward: how many achievements the decision unlocked, null for none."""
    return float(len(unlocked)) if unlocked else None


@dataclass(frozen=True, slots=True)
class DecisionReward:
    """The stepwise reward of one decision and everything that explains it."""

    unlocked: list[str]
    credited: list[str]
    components: list[dict[str, Any]]
    base: float
    reward: float
    """λ × base, unnormalised."""
    resources: ResourceReward

    @property
    def indicator(self) -> int:
        return 1 if self.base > 0 or self.unlocked else 0


def decision_reward(
    unlocked: Sequence[str],
    inventory_before: Mapping[str, int],
    inventory_after: Mapping[str, int],
    settings: StepRewards,
    credited_so_far: Mapping[str, int],
) -> DecisionReward:
    """The stepwise reward of a decision.

    `credited_so_far` counts, by name, how often the episode's earlier decisions were paid for an achievement.
    consistent pays 1 for a decision that unlocks anything, however much. per_achievement pays each achievement's
    weight while its count is under its limit (0 or less: no limit), and the resource reward on top.
    """
    if settings.strategy == "consistent":
        components = [_component("__indicator__", 1.0, 0, 1)] if unlocked else []
        return _rewarded(unlocked, [], components, ResourceReward(0.0), settings)
    credited, components = [], []
    for name in unlocked:
        limit, count = settings.k_limits.get(name, DEFAULT_K_LIMIT), credited_so_far.get(name, 0)
        if limit <= 0 or count < limit:
            credited.append(name)
            components.append(_component(name, settings.weights.get(name, DEFAULT_WEIGHT), count, limit))
    return _rewarded(unlocked, credited, components, resource_reward(inventory_before, inventory_after), settings)


def decision_rewards(turn: int, unlocked: Sequence[str], seen: set[str]) -> dict[str, Any]:
    """What event_rewards_kind selects a decision's scalar from: absolute is ach_delta, unique is unique_delta.

    `turn` counts from 1; `seen` holds what the episode unlocked before.
    """
    unique = sorted(set(unlocked) - seen)
    return {
        "turn": turn,
        "ach_delta": len(unlocked),
        "unique_delta": len(unique),
        "all": sorted(unlocked),
        "unique": unique,
    }


def _component(name: str, weight: float, count: int, limit: int) -> dict[str, Any]:
    return {"achievement": name, "weight": weight, "count_prior": count, "count_limit": limit}


def _rewarded(
    unlocked: Sequence[str],
    credited: list[str],
    components: list[dict[str, Any]],
    resources: ResourceReward,
    settings: StepRewards,
) -> DecisionReward:
    base = sum(component["weight"] for component in components) + resources.total
    return DecisionReward(
        unlocked=list(unlocked),
        credited=credited,
        components=[*components, *resources.components],
        base=base,
        reward=settings.effective_lambda * base,
        resources=resources,
    )
