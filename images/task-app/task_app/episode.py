"""One episode: a world, what was played in it and what came of it. Knows nothing of models or HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from .actions import ACTIONS
from .calls import Expansion, ToolCall, expand
from .observation import Observation
from .rewards import outcome_reward, unlocked_between
from .trajectory_hash import TrajectoryHash
from .world import World


@dataclass(frozen=True, slots=True)
class Played:
    """One decision as it was played."""

    before: Observation
    after: Observation
    expansion: Expansion
    unlocked: list[str]
    """Newly unlocked achievements, in alphabetical order."""
    reward: float | None
    """The environment's reward (contract, section 4.2)."""


class Episode:
    """Plays decisions in a world from its beginning and keeps the record. Not thread-safe.

    The episode goes on after the player's death: the contract's environment never reports `done`. Death is in the
    observation (`terminated`) and in `died_at`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.observation = world.observe()
        self.hash = TrajectoryHash(world.seed)
        self.actions: list[list[int]] = []
        """Indices of the actions played, a list for each decision."""
        self.unlocks: list[tuple[str, int]] = []
        """Achievements in the order of their unlocking, with the decision's index (0-based)."""
        self.total_reward = 0.0
        self.died_at: int | None = None
        """Action count at which health reached zero."""

    def play(self, calls: Sequence[ToolCall]) -> Played:
        """Play the actions of a decision, one after another, and return the state before all and after the last."""
        before, decision = self.observation, len(self.actions)
        expansion = expand(calls)
        for action in expansion.actions:
            previous, self.observation = self.observation, self.world.step(action)
            self.hash.update(action, self.observation)
            for name in unlocked_between(previous.achievements, self.observation.achievements):
                self.unlocks.append((name, decision))
            if self.died_at is None and self.observation.terminated:
                self.died_at = self.observation.steps
        self.actions.append(expansion.actions)
        unlocked = unlocked_between(before.achievements, self.observation.achievements)
        reward = outcome_reward(unlocked)
        self.total_reward += reward or 0.0
        return Played(before, self.observation, expansion, unlocked, reward)

    def action_names(self) -> list[list[str]]:
        return [[ACTIONS[index] for index in decision] for decision in self.actions]

    @classmethod
    def replay(cls, world: World, actions: Sequence[Sequence[str]]) -> Self:
        """Play a recorded episode again: its hash must come out the same."""
        episode = cls(world)
        for decision in actions:
            episode.play([ToolCall("interact_many", {"actions": [name]}) for name in decision])
        return episode
