"""What the routes share: made once for a process, closed at its end."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import httpx
from anyio import to_thread

from .engine import warm_up
from .environments import Environments
from .inference import InferenceClient
from .runs import Runs
from .settings import Settings
from .world_makers import WorldMakers
from .worlds import Worlds

P = ParamSpec("P")
T = TypeVar("T")


class Services:
    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.settings = settings
        self.runs = Runs()
        self.makers = WorldMakers(settings.world_makers)
        self.worlds = Worlds(settings.world_cache, makers=self.makers)
        """The worlds of rollouts."""
        self.described_worlds = Worlds(settings.world_cache, settings.area, settings.episode_length, self.makers)
        """The worlds of /task_info, whose size and length can be set."""
        self.environments = Environments(self.worlds, settings.max_live_envs)
        self.inference = InferenceClient(settings, transport)
        self.proxy_http = httpx.AsyncClient(timeout=settings.proxy_timeout_s, transport=transport, trust_env=False)
        self.rollout_slots = anyio.Semaphore(settings.max_concurrent_rollouts)
        self._workers = anyio.CapacityLimiter(settings.env_workers)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run world work in a worker thread, so that the event loop goes on serving; waits while all are busy."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._workers)

    async def warm_up(self) -> None:
        """Waits until a maker has loaded what worlds need, so that the first rollout needn't."""
        await asyncio.wrap_future(self.makers.submit(warm_up))

    async def close(self) -> None:
        self.makers.close()
        await self.inference.close()
        await self.proxy_http.aclose()
