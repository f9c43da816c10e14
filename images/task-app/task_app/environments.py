"""Live environments: episodes that stay between requests, and their snapshots."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import uuid4

from .episode import Episode
from .world import World
from .worlds import Worlds


@dataclass(slots=True)
class Environment:
    env_id: str
    rl_run_id: str
    seed: int
    episode: Episode
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while the world is played: two requests may name the same environment."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    snapshot_id: str
    rl_run_id: str
    seed: int
    world: bytes


class EnvironmentsFull(Exception):
    """There are as many live environments as the settings allow."""


class Environments:
    """Environments and snapshots by id. Snapshots are kept in memory; the oldest is dropped when there are too many."""

    def __init__(self, worlds: Worlds, limit: int) -> None:
        self._worlds, self._limit = worlds, limit
        self._live: dict[str, Environment] = {}
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()

    async def create(self, seed: int, rl_run_id: str) -> Environment:
        """A new environment at its world's beginning. Raises EnvironmentsFull."""
        return self._add(await self._worlds.ready(seed), rl_run_id)

    def get(self, env_id: str) -> Environment:
        """Raises KeyError for an unknown or terminated one."""
        return self._live[env_id]

    async def reset(self, env_id: str, seed: int | None) -> Environment:
        """Begin again, in another world if a seed is given. A step under way goes on in the world that it began in."""
        environment = self.get(env_id)
        world = await self._worlds.ready(environment.seed if seed is None else seed)
        environment.seed, environment.episode = world.seed, Episode(world)
        return environment

    def snapshot(self, env_id: str) -> Snapshot:
        environment = self.get(env_id)
        with environment.lock:
            state = environment.episode.world.snapshot()
        snapshot = Snapshot(uuid4().hex, environment.rl_run_id, environment.seed, state)
        self._snapshots[snapshot.snapshot_id] = snapshot
        while len(self._snapshots) > self._limit:
            self._snapshots.popitem(last=False)
        return snapshot

    def restore(self, snapshot_id: str) -> Environment:
        """A new environment that goes on where the snapshot was taken. Raises KeyError, EnvironmentsFull."""
        snapshot = self._snapshots[snapshot_id]
        return self._add(World.restore(snapshot.world), snapshot.rl_run_id)

    def terminate(self, env_id: str) -> bool:
        """False if there was no such environment."""
        return self._live.pop(env_id, None) is not None

    def _add(self, world: World, rl_run_id: str) -> Environment:
        if len(self._live) >= self._limit:
            raise EnvironmentsFull(f"{self._limit} environments are live: terminate some (TASKAPP_MAX_LIVE_ENVS)")
        environment = Environment(uuid4().hex, rl_run_id, world.seed, Episode(world))
        self._live[environment.env_id] = environment
        return environment
