"""Runs take turns on the one thread, whatever each of them posts."""

import asyncio
import threading

import pytest

from trainer.worker import Worker


def served(posted: list[str]) -> list[str]:
    """The order in which requests of these runs are served when all of them wait at once."""
    order: list[str] = []

    async def post() -> None:
        worker, free = Worker(1), threading.Event()
        first = asyncio.create_task(worker.run("other", free.wait))
        while worker.waiting == 0:
            await asyncio.sleep(0)
        rest = [asyncio.create_task(worker.run(run, order.append, run)) for run in posted]
        while worker.waiting < 1 + len(posted):
            await asyncio.sleep(0)
        free.set()
        await asyncio.gather(first, *rest)
        assert worker.waiting == 0
        worker.close()

    asyncio.run(post())
    return order


def test_a_run_that_floods_the_queue_lets_the_others_in_after_one_request() -> None:
    order = served(["flood"] * 20 + ["one", "two"])
    assert order[:3] == ["flood", "one", "two"] and order[3:] == ["flood"] * 19


def test_three_runs_with_several_requests_each_take_turns() -> None:
    assert served(["a", "a", "a", "b", "b", "b", "c", "c", "c"]) == ["a", "b", "c"] * 3


def test_a_request_waits_for_at_most_one_of_each_other_run_also_when_they_post_without_end() -> None:
    async def post() -> tuple[int, int]:
        worker, counts, done = Worker(1), {"one": 0, "two": 0}, asyncio.Event()

        async def endless(run: str) -> None:
            while not done.is_set():
                await asyncio.gather(*(worker.run(run, counts.update, {run: counts[run] + 1}) for _ in range(3)))

        floods = [asyncio.create_task(endless(run)) for run in counts]
        before, most = sum(counts.values()), 0
        for _ in range(50):
            before = await worker.run("steps", lambda: sum(counts.values()))
            after = await worker.run("steps", lambda: sum(counts.values()))
            most = max(most, after - before)
        done.set()
        await asyncio.gather(*floods)
        worker.close()
        return most, sum(counts.values())

    most, others = asyncio.run(post())
    assert most <= 4 and others > 50


def test_an_error_reaches_who_asked_and_nobody_else() -> None:
    async def post() -> list[object]:
        worker = Worker(1)
        answers = await asyncio.gather(
            worker.run("a", int, "x"), worker.run("a", int, "1"), worker.run("b", int, "2"), return_exceptions=True
        )
        worker.close()
        return list(answers)

    failed, *fine = asyncio.run(post())
    assert isinstance(failed, ValueError) and fine == [1, 2]


def test_what_waits_when_the_trainer_closes_is_forgotten() -> None:
    async def post() -> None:
        worker, begun, free = Worker(1), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def work() -> bool:
            loop.call_soon_threadsafe(begun.set)
            return free.wait()

        under_way = asyncio.create_task(worker.run("a", work))
        await begun.wait()
        waits = asyncio.create_task(worker.run("b", int, "1"))
        closing = asyncio.create_task(asyncio.to_thread(worker.close))
        await asyncio.sleep(0.5)  # nobody is told when it has begun
        free.set()
        await closing
        assert await under_way
        with pytest.raises(asyncio.CancelledError):
            await waits

    asyncio.run(post())
