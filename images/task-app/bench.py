"""Measures the environment: `python bench.py`, one JSON object on standard output. Not a test: times vary with load.

Figures are medians unless named otherwise; `cpu_s` is the process's own time, `wall_s` what a clock shows. Episodes are
played through the app itself, by the random policy, each in a world that nobody has made yet.
"""

import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from itertools import count

import anyio
import httpx
from fastapi import FastAPI

from task_app import engine
from task_app.actions import ACTIONS
from task_app.app import create_app
from task_app.calls import ToolCall
from task_app.episode import Episode
from task_app.settings import Settings
from task_app.world import World
from task_app.worlds import Worlds

SEEDS = range(40)
DECISIONS = 100
EPISODES, ROUNDS = 16, 5
KEY = "key-of-the-bench"


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU) seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def medians(samples: list[tuple[float, float]]) -> dict[str, float]:
    walls, cpus = zip(*samples, strict=True)
    return {"wall_s": round(statistics.median(walls), 5), "cpu_s": round(statistics.median(cpus), 5)}


def percentiles(samples: list[tuple[float, float]]) -> dict[str, float]:
    """As medians, and the wall time that 95 of 100 samples are under."""
    walls = [wall for wall, _ in samples]
    return {**medians(samples), "p95_wall_s": round(statistics.quantiles(walls, n=20, method="inclusive")[-1], 5)}


async def episode(client: httpx.AsyncClient, seed: int) -> None:
    """Ten decisions of the random policy through POST /rollout."""
    body = {
        "run_id": f"bench-{seed}",
        "env": {"env_name": "crafter", "seed": seed, "config": {}},
        "policy": {"policy_name": "random", "config": {"max_llm_calls": 10}},
        "ops": ["agent", "env"] * 10,
        "record": {"trace_format": "none"},
    }
    (await client.post("/rollout", json=body)).raise_for_status()


async def together(client: httpx.AsyncClient, seeds: list[int], limit: int) -> tuple[float, float]:
    """(seconds, longest seconds that the event loop was kept from its turn) of some episodes, `limit` at a time."""
    slots, longest = anyio.Semaphore(limit), 0.0

    async def play(seed: int) -> None:
        async with slots:
            await episode(client, seed)

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    start = time.perf_counter()
    async with anyio.create_task_group() as watching:
        watching.start_soon(watch)
        async with anyio.create_task_group() as group:
            for seed in seeds:
                group.start_soon(play, seed)
        watching.cancel_scope.cancel()
    return time.perf_counter() - start, longest


async def served(app: FastAPI) -> dict[str, float]:
    """16 episodes one by one and all at once, in turns, so that a change of the machine's load is in both."""
    seeds, alone, at_once = count(1000), [], []
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bench", headers={"X-API-Key": KEY}) as client,
    ):
        await together(client, [next(seeds) for _ in range(EPISODES)], EPISODES)  # starts every maker
        for _ in range(ROUNDS):
            alone.append(await together(client, [next(seeds) for _ in range(EPISODES)], 1))
            at_once.append(await together(client, [next(seeds) for _ in range(EPISODES)], EPISODES))
    return {
        "episodes": EPISODES,
        "one_by_one_s": round(statistics.median(seconds for seconds, _ in alone), 5),
        "at_once_s": round(statistics.median(seconds for seconds, _ in at_once), 5),
        "longest_wait_of_the_event_loop_s": round(statistics.median(longest for _, longest in at_once), 5),
    }


def decision_samples(worlds: Worlds) -> list[tuple[float, float]]:
    generator, episode = random.Random(0), Episode(worlds.fresh(0))
    calls = [ToolCall("interact_many", {"actions": generator.choices(ACTIONS, k=5)}) for _ in range(DECISIONS)]
    return [timed(lambda call=call: episode.play([call])) for call in calls]  # type: ignore[misc]


def main() -> None:
    warm_up = timed(engine.warm_up)
    worlds = Worlds(size=len(SEEDS))
    figures = {
        "warm_up": medians([warm_up]),
        "reset": percentiles([timed(World(seed).reset) for seed in SEEDS]),
        "first_episode_of_a_seed": medians([timed(lambda seed=seed: worlds.fresh(seed)) for seed in SEEDS]),  # type: ignore[misc]
        "further_episode_of_a_seed": medians([timed(lambda seed=seed: worlds.fresh(seed)) for seed in SEEDS]),  # type: ignore[misc]
        "decision_of_5_actions": medians(decision_samples(worlds)),
        "served": anyio.run(served, create_app(Settings(ENVIRONMENT_API_KEY=KEY))),
        "conditions": {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load_1_min": round(os.getloadavg()[0], 1),
            "seeds": len(SEEDS),
            "decisions": DECISIONS,
            "world_makers": Settings().world_makers,
        },
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
