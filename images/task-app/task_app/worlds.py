"""Fresh worlds by seed. The episodes of a group and every evaluation begin in the same ones, so beginnings are kept."""

import threading
from collections import OrderedDict

from .world import AREA, LENGTH, World


class Worlds:
    """Makes worlds, and keeps the beginnings of the latest `size` seeds (about 33 kB each).

    A new seed takes 0.06 s, a kept one under 1 ms. Thread-safe; one lock makes the four episodes of a group, which
    arrive together, wait for one generation instead of doing four.
    """

    def __init__(self, size: int, area: tuple[int, int] = AREA, length: int = LENGTH) -> None:
        self._size, self._area, self._length = size, area, length
        self._beginnings: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def fresh(self, seed: int) -> World:
        """A world of its own, at its beginning."""
        with self._lock:
            beginning = self._beginnings.get(seed)
            if beginning is None:
                world = World(seed, area=self._area, length=self._length)
                world.reset()
                beginning = world.snapshot()
                if self._size:
                    self._beginnings[seed] = beginning
                    if len(self._beginnings) > self._size:
                        self._beginnings.popitem(last=False)
            else:
                self._beginnings.move_to_end(seed)
        return World.restore(beginning)
