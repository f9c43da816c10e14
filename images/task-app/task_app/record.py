"""The record of a rollout in progress: what response, trace and SFT file are made from."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .calls import ToolCall
from .episode import Episode, Played
from .plan import RolloutPlan
from .policy import Decision, ModelCall
from .rewards import DecisionReward


@dataclass(slots=True)
class Turn:
    """One decision that was played."""

    index: int
    """0-based."""
    op_index: int
    decision: Decision
    calls: list[ToolCall]
    """What was played; one no-op where the decision had no call and the request allows that."""
    played: Played
    played_at: datetime
    env_ms: float
    info: dict[str, Any]
    """The trajectory step's info."""
    reward: DecisionReward | None = None
    """Stepwise reward; None while stepwise rewards are off."""
    decision_rewards: dict[str, Any] | None = None


@dataclass(slots=True)
class RolloutRecord:
    plan: RolloutPlan
    env_id: str
    policy_id: str
    episode: Episode
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    turns: list[Turn] = field(default_factory=list)
    model_calls: list[tuple[int, ModelCall]] = field(default_factory=list)
    """Every model call with its turn, also one whose answer was never played."""
    seen: set[str] = field(default_factory=set)
    """Achievements unlocked in this rollout or before it began."""
    resource_reward: float = 0.0
    """Sum over decisions, before λ; kept whether stepwise rewards are on or off."""
    ops_executed: int = 0
    aborted: bool = False

    @property
    def history(self) -> list[ToolCall]:
        """The first call of each turn played, oldest first."""
        return [turn.calls[0] for turn in self.turns]

    @property
    def total_reward(self) -> float:
        return sum(turn.played.reward or 0.0 for turn in self.turns)
