"""The one thread that touches the model: one request at a time, and the runs take turns.

Each run has a queue of its own, in the order in which its requests came; a run that has been served goes behind the
others. So a request waits for at most one request of each other run, however many those have posted: a run that asks
for a thousand scores can't keep another from its step. A client that goes away does not stop its step: the thread
finishes and saves it, and the same request posted again gets the saved answer.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple[Future[Any], Callable[[], Any]]


class Worker:
    def __init__(self, threads: int) -> None:
        """threads: CPU threads that one torch operation may use."""
        self._pool = ThreadPoolExecutor(1, "trainer", initializer=lambda: torch.set_num_threads(threads))
        self._lock = Lock()
        self._queues: dict[str, deque[Job]] = {}
        """Jobs by run; the run whose turn is next stands first, and a run without jobs is not here."""
        self.waiting = 0
        """Requests waiting or being served."""

    async def run(self, turn_of: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result, made on the worker thread in a turn of `turn_of`, a run's name; the event loop stays
        free meanwhile."""
        result: Future[T] = Future()
        with self._lock:
            self._queues.setdefault(turn_of, deque()).append((result, lambda: function(*args, **kwargs)))
        self.waiting += 1
        try:
            # One call for each job, but which job it serves is decided when it begins.
            self._pool.submit(self._serve)
            return await asyncio.wrap_future(result)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Lets the work under way finish and forgets what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for queue in self._queues.values():
            for result, _ in queue:
                result.cancel()

    def _serve(self) -> None:
        result, function = self._next()
        if not result.set_running_or_notify_cancel():
            return
        try:
            result.set_result(function())
        except BaseException as error:
            result.set_exception(error)

    def _next(self) -> Job:
        with self._lock:
            turn_of = next(iter(self._queues))
            queue = self._queues.pop(turn_of)
            job = queue.popleft()
            if queue:
                self._queues[turn_of] = queue
            return job
