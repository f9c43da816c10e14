"""What the routes share: made once for a process, closed at its end."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import httpx
from anyio import to_thread

from .environments import Environments
from .inference import InferenceClient
from .runs import Runs
from .settings import Settings
from .worlds import Worlds

P = ParamSpec("P")
T = TypeVar("T")


class Services:
    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.settings = settings
        self.runs = Runs()
        self.worlds = Worlds(settings.world_cache)
        """The worlds of rollouts."""
        self.described_worlds = Worlds(settings.world_cache, settings.area, settings.episode_length)
        """The worlds of /task_info, whose size and length can be set."""
        self.environments = Environments(self.worlds, settings.max_live_envs)
        self.inference = InferenceClient(settings, transport)
        self.proxy_http = httpx.AsyncClient(timeout=settings.proxy_timeout_s, transport=transport, trust_env=False)
        self.rollout_slots = anyio.Semaphore(settings.max_concurrent_rollouts)
        self._workers = anyio.CapacityLimiter(settings.env_workers)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run world work in a worker thread, so that the event loop goes on serving; waits while all are busy."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._workers)

    async def close(self) -> None:
        await self.inference.close()
        await self.proxy_http.aclose()
