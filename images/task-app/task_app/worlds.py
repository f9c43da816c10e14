"""Fresh worlds by seed. The episodes of a group and every evaluation begin in the same ones, so beginnings are kept."""

import asyncio
import threading
from collections import OrderedDict
from concurrent.futures import Future

from .world import AREA, LENGTH, World
from .world_makers import WorldMakers


def make_beginning(seed: int, area: tuple[int, int], length: int) -> bytes:
    """A snapshot of a new world. Takes 0.06 s and holds Python's lock, so it is for a process of its own."""
    world = World(seed, area=area, length=length)
    world.reset()
    return world.snapshot()


class Worlds:
    """Has worlds made, and keeps the beginnings of the latest `size` seeds (about 33 kB each).

    A new seed takes 0.06 s of a maker, a kept one under 1 ms. Thread-safe; the four episodes of a group, which arrive
    together, wait for one generation instead of asking for four, and nobody waits for another seed's.
    """

    def __init__(
        self, size: int, area: tuple[int, int] = AREA, length: int = LENGTH, makers: WorldMakers | None = None
    ) -> None:
        """Without makers, worlds are made on one thread of this process."""
        self._size, self._area, self._length = size, area, length
        self._makers = makers or WorldMakers(0)
        self._beginnings: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def fresh(self, seed: int) -> World:
        """A world of its own, at its beginning. Waits for it: not for the event loop."""
        return World.restore(self._beginning(seed).result())

    async def ready(self, seed: int) -> World:
        """The same for the event loop, which goes on meanwhile and holds no thread."""
        # Shielded: a caller who goes away must not cancel the world of others who wait for it.
        return World.restore(await asyncio.shield(asyncio.wrap_future(self._beginning(seed))))

    def _beginning(self, seed: int) -> Future[bytes]:
        with self._lock:
            kept = self._beginnings.get(seed)
            if kept is not None and not _failed(kept):
                self._beginnings.move_to_end(seed)
                return kept
            beginning = self._makers.submit(make_beginning, seed, self._area, self._length)
            if self._size:
                self._beginnings[seed] = beginning
                if len(self._beginnings) > self._size:
                    self._beginnings.popitem(last=False)
            return beginning


def _failed(future: Future[bytes]) -> bool:
    """A maker that died takes what it was asked for with it; the next who asks gets a new try."""
    return future.done() and (future.cancelled() or future.exception() is not None)
