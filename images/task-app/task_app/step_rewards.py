"""The settings of stepwise rewards: the `step_rewards` block of policy.config, else of env.config."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Strategy = Literal["consistent", "per_achievement"]

_STRATEGIES: dict[str, Strategy] = {
    "consistent": "consistent",
    "simple": "consistent",
    "consistent_stepwise": "consistent",
    "decision_consistent": "consistent",
    "per_achievement": "per_achievement",
    "per-achievement": "per_achievement",
    "perachievement": "per_achievement",
    "achievement_weighted": "per_achievement",
    "complex": "per_achievement",
}


@dataclass(frozen=True, slots=True)
class StepRewards:
    enabled: bool = False
    mode: str = "off"
    strategy: Strategy = "consistent"
    indicator_lambda: float = 0.0
    step_beta: float = 0.0
    """Echoed when it isn't zero; has no effect (contract, section 4.3)."""
    weights: dict[str, float] = field(default_factory=dict)
    k_limits: dict[str, int] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.enabled and self.mode == "decision_stepwise"

    @property
    def effective_lambda(self) -> float:
        """The factor of every reward; 0 stands for 1."""
        return self.indicator_lambda or 1.0


def strategy_named(name: object) -> Strategy:
    """The strategy that a name or alias stands for; anything unknown is `consistent`."""
    return _STRATEGIES.get(name.strip().lower(), "consistent") if isinstance(name, str) else "consistent"


def read_step_rewards(policy_config: Mapping[str, Any], env_config: Mapping[str, Any]) -> StepRewards:
    """Read the block leniently, as the contract has it: what isn't a number counts as absent."""
    block = policy_config.get("step_rewards") or env_config.get("step_rewards")
    if not isinstance(block, Mapping):
        return StepRewards()
    return StepRewards(
        enabled=_flag(block.get("enabled")),
        mode=str(block.get("mode") or "off").strip().lower(),
        strategy=strategy_named(block.get("strategy")),
        indicator_lambda=_number(block.get("indicator_lambda")) or 0.0,
        step_beta=_number(block.get("step_beta")) or 0.0,
        weights=_numbers(block.get("weights")),
        k_limits={name: int(limit) for name, limit in _numbers(block.get("k_limits")).items()},
    )


def _flag(value: object) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"} if isinstance(value, str) else bool(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _numbers(values: object) -> dict[str, float]:
    if not isinstance(values, Mapping):
        return {}
    return {str(name): number for name, value in values.items() if (number := _number(value)) is not None}
