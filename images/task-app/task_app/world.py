"""A Crafter world that can be played, saved and replayed, without HTTP and without a model."""

import pickle
from typing import Self

import numpy as np

from .actions import ACTION_INDEX, ACTIONS
from .engine import TextCrafter
from .observation import Observation

AREA = (64, 64)
LENGTH = 10_000


class World:
    """One world of one seed.

    `reset()` makes it (about 0.06 s), `step()` plays one action (about 0.4 ms). Not thread-safe: one user at a time.
    """

    def __init__(self, seed: int, *, area: tuple[int, int] = AREA, length: int = LENGTH) -> None:
        self.seed = seed
        self._env = TextCrafter(seed, area, length)

    def reset(self) -> Observation:
        """The world's beginning: every call gives the same one."""
        self._env = TextCrafter(self.seed, self._env._area, self._env._length)
        self._env.reset()
        return self.observe()

    def step(self, action: int | str) -> Observation:
        """Play one action, by index (0-16) or by name, and return the state after it.

        Raises KeyError for an unknown name and IndexError for an index outside 0-16.
        """
        index = ACTION_INDEX[action] if isinstance(action, str) else action
        if not 0 <= index < len(ACTIONS):
            raise IndexError(f"action {index} is outside 0-{len(ACTIONS) - 1}")
        _, _, _, info = self._env.step(index)
        return self._observation(info["semantic"])

    def observe(self) -> Observation:
        """The state now. Raises RuntimeError before the first reset."""
        if self._env._player is None:
            raise RuntimeError("the world has no state yet: call reset() first")
        return self._observation(self._env._sem_view())

    def _observation(self, semantic: np.ndarray) -> Observation:
        env, player = self._env, self._env._player
        return Observation(
            semantic=semantic,
            position=(int(player.pos[0]), int(player.pos[1])),
            facing=(int(player.facing[0]), int(player.facing[1])),
            inventory={name: int(count) for name, count in player.inventory.items()},
            achievements={name: int(count) for name, count in player.achievements.items()},
            steps=env._step,
            length=env._length,
            sleeping=player.sleeping,
        )

    def snapshot(self) -> bytes:
        """The whole state, random numbers included. For this process's own use: load nothing that a client sent."""
        return pickle.dumps((self.seed, self._env))

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """A world that goes on exactly where `snapshot` was taken."""
        world = cls.__new__(cls)
        world.seed, world._env = pickle.loads(snapshot)
        return world
