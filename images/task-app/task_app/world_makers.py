"""Processes that make worlds: Python's lock allows one generation at a time in a process, however many its threads."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from .engine import warm_up

P = ParamSpec("P")
T = TypeVar("T")


class WorldMakers:
    """An executor that outlives the death of its processes. They start when they are needed, in about 0.5 s."""

    def __init__(self, processes: int) -> None:
        """0: one thread of this process, for programs that make few worlds."""
        self._processes = processes
        self._pool = self._new_pool()

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Its future raises what the function raises, and BrokenExecutor if the maker died, of memory for example."""
        try:
            return self._pool.submit(function, *args, **kwargs)
        except BrokenExecutor:
            # A pool with a dead process takes no more work.
            self._pool = self._new_pool()
            return self._pool.submit(function, *args, **kwargs)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new_pool(self) -> Executor:
        if not self._processes:
            return ThreadPoolExecutor(1, "world-maker")
        # Spawned, not forked: a fork of a process with threads may begin with a lock that nobody will open.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._processes, mp_context=context, initializer=_begin)


def _begin() -> None:
    """In a new maker: it ends with the app, however that ends, and not before."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm_up()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
