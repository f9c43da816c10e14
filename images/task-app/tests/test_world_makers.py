"""Worlds are made beside the event loop, in processes that come back when they die and end when the app does."""

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from task_app.world_makers import WorldMakers
from task_app.worlds import Worlds, make_beginning

ROOT = Path(__file__).parents[1]
ORPHAN = """
import os, signal
from task_app.world_makers import WorldMakers
if __name__ == "__main__":
    print(WorldMakers(1).submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_maker_makes_the_world_of_this_process_and_is_replaced_when_it_dies() -> None:
    makers = WorldMakers(1)
    try:
        worlds = Worlds(size=4, makers=makers)
        assert makers.submit(os.getpid).result() != os.getpid()
        assert np.array_equal(worlds.fresh(5).observe().semantic, Worlds(size=1).fresh(5).observe().semantic)
        with pytest.raises(BrokenExecutor):
            makers.submit(os._exit, 1).result()
        assert worlds.fresh(6).seed == 6
    finally:
        makers.close()


def test_makers_end_with_an_app_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=env, stdout=subprocess.PIPE, text=True, timeout=60)
    maker, deadline = int(done.stdout), time.monotonic() + 20
    while _runs(maker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(maker)


class HeldMakers(WorldMakers):
    """Makes every world but that of seed 1, which waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(0)
        self.held: Future[Any] = Future()

    def submit(self, function: Any, *args: Any, **kwargs: Any) -> Future[Any]:
        return self.held if args[0] == 1 else super().submit(function, *args, **kwargs)


def test_nobody_waits_for_another_seeds_world_and_one_who_leaves_takes_nothing_along() -> None:
    async def main() -> None:
        makers = HeldMakers()
        worlds = Worlds(size=4, makers=makers)
        leaver, waiter = (asyncio.create_task(worlds.ready(1)) for _ in range(2))
        with anyio.fail_after(30):
            assert (await worlds.ready(2)).seed == 2
        leaver.cancel()
        await asyncio.wait([leaver])
        assert leaver.cancelled()
        assert not waiter.done()
        makers.held.set_result(make_beginning(1, (64, 64), 100))
        assert (await waiter).seed == 1

    anyio.run(main)


def test_a_world_that_failed_is_made_again_for_the_next_who_asks() -> None:
    makers = HeldMakers()
    worlds = Worlds(size=4, makers=makers)
    makers.held.set_exception(OSError("made up for the test"))
    with pytest.raises(OSError, match="made up"):
        worlds.fresh(1)
    makers.held = Future()
    makers.held.set_result(make_beginning(1, (64, 64), 100))
    assert worlds.fresh(1).seed == 1


def _runs(pid: int) -> bool:
    """Whether a process of this number is there and is no zombie that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
