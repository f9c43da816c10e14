"""Crafter 1.8.3 made deterministic: same seed, same actions, same world, in any process on any machine."""

from collections import defaultdict
from typing import Any

import crafter
import opensimplex
from crafter import constants, objects
from crafter import engine as crafter_engine

CHUNK_SIZE = (12, 12)
OBJECT_TYPES = [objects.Player, objects.Cow, objects.Zombie, objects.Skeleton, objects.Arrow, objects.Plant]

TILES: tuple[str, ...] = ("none", *constants.materials, *(kind.__name__.lower() for kind in OBJECT_TYPES))
"""Tile names by the id that the semantic view uses: 0 none, 1-12 materials, 13-18 objects."""


def warm_up() -> None:
    """Load the compiled noise (0.2 s in a process; seconds if no cache has it), so that the first reset needn't."""
    opensimplex.OpenSimplex(seed=0).noise3(0.5, 0.5, 1)


class OrderedObjects(dict[Any, None]):
    """The objects of a chunk, iterated in the order they came in.

    Crafter keeps them in a set, which iterates by memory address: which cow is despawned then differs between two
    processes, and from there on everything does.
    """

    def add(self, item: Any) -> None:
        self[item] = None

    def remove(self, item: Any) -> None:
        del self[item]


class OrderedWorld(crafter_engine.World):
    """Crafter's world with insertion-ordered chunks."""

    def reset(self, seed: int | None = None) -> None:
        super().reset(seed=seed)
        self._chunks: defaultdict[Any, OrderedObjects] = defaultdict(OrderedObjects)


class TextCrafter(crafter.Env):
    """Crafter without a picture.

    Rendering is off for good: the night's picture noise draws from the world's random numbers, so a rendered and an
    unrendered episode of one seed are two different worlds. Loading the textures is skipped too (0.02-0.04 s).
    """

    def __init__(self, seed: int, area: tuple[int, int], length: int) -> None:
        # The parent's constructor is replaced, not extended: it would load the textures and make an unordered world.
        self._area = area
        self._view = (9, 9)  # objects within 2 * 9 tiles of the player move; the same as the game's default
        self._reward = True
        self._length = length
        self._seed = seed
        self._episode = 0
        self._world = OrderedWorld(area, constants.materials, CHUNK_SIZE)
        self._sem_view = crafter_engine.SemanticView(self._world, OBJECT_TYPES)
        self._step = 0
        self._player: Any = None
        self._last_health = 0
        self._unlocked: set[str] = set()

    def _obs(self) -> None:
        return None
