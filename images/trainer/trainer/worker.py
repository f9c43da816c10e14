"""The one thread that touches the model: requests wait for it in the order in which they came.

A run has one step under way at a time, since the next one needs its result; first come first served is then one turn
each, and no run starves. A client that goes away does not stop its step: the thread finishes and saves it, and the same
request posted again gets the saved answer.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    def __init__(self, threads: int) -> None:
        """threads: CPU threads that one torch operation may use."""
        self._pool = ThreadPoolExecutor(1, "trainer", initializer=lambda: torch.set_num_threads(threads))
        self.waiting = 0
        """Requests waiting or being served."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result, made on the worker thread; the event loop stays free meanwhile."""
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Lets the work under way finish and forgets what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
