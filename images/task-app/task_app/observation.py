"""One observation of the world, as plain values: the state after the latest action."""

from dataclasses import dataclass

import numpy as np

from .engine import TILES

DIRECTIONS: dict[tuple[int, int], str] = {(-1, 0): "left", (1, 0): "right", (0, -1): "up", (0, 1): "down"}


@dataclass(frozen=True, slots=True)
class Observation:
    """What the player and the map look like now; nothing in it changes when the world moves on."""

    semantic: np.ndarray
    """Tile ids, uint8, shape (width, height), indexed [x, y]; names in `engine.TILES`."""
    position: tuple[int, int]
    """(x, y): x grows to the right, y grows downwards."""
    facing: tuple[int, int]
    """Unit step (dx, dy)."""
    inventory: dict[str, int]
    """Every item and vital with its count, zeros included, in the game's order."""
    achievements: dict[str, int]
    """How often each of the 22 achievements was reached, in alphabetical order."""
    steps: int
    """Actions since the reset."""
    length: int
    """Actions after which the engine calls the episode over."""
    sleeping: bool

    @property
    def direction(self) -> str:
        return DIRECTIONS[self.facing]

    @property
    def unlocked(self) -> list[str]:
        """Names of the achievements reached at least once, in alphabetical order."""
        return [name for name, count in self.achievements.items() if count > 0]

    @property
    def terminated(self) -> bool:
        """Dead: health is zero."""
        return self.inventory["health"] <= 0

    @property
    def truncated(self) -> bool:
        """The episode's length is used up."""
        return self.steps >= self.length

    def tile(self, x: int, y: int) -> str:
        """Name of the tile at (x, y), `void` outside the map."""
        width, height = self.semantic.shape
        return TILES[int(self.semantic[x, y])] if 0 <= x < width and 0 <= y < height else "void"

    def patch(self, size: int) -> list[list[str]]:
        """Tile names of a size × size square around the player, row by row from the top; size is odd."""
        (px, py), reach = self.position, size // 2
        return [[self.tile(px + dx, py + dy) for dx in range(-reach, reach + 1)] for dy in range(-reach, reach + 1)]
