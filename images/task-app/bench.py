"""Measures the environment: `python bench.py`, one JSON object on standard output. Not a test: times vary with load.

Figures are medians; `cpu_s` is the process's own time, `wall_s` what a clock shows.
"""

import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable

from task_app import engine
from task_app.actions import ACTIONS
from task_app.calls import ToolCall
from task_app.episode import Episode
from task_app.world import World
from task_app.worlds import Worlds

SEEDS = range(20)
DECISIONS = 100


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU) seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def medians(samples: list[tuple[float, float]]) -> dict[str, float]:
    walls, cpus = zip(*samples, strict=True)
    return {"wall_s": round(statistics.median(walls), 5), "cpu_s": round(statistics.median(cpus), 5)}


def decision_samples(worlds: Worlds) -> list[tuple[float, float]]:
    generator, episode = random.Random(0), Episode(worlds.fresh(0))
    calls = [ToolCall("interact_many", {"actions": generator.choices(ACTIONS, k=5)}) for _ in range(DECISIONS)]
    return [timed(lambda call=call: episode.play([call])) for call in calls]  # type: ignore[misc]


def main() -> None:
    warm_up = timed(engine.warm_up)
    worlds = Worlds(size=len(SEEDS))
    figures = {
        "warm_up": medians([warm_up]),
        "reset": medians([timed(World(seed).reset) for seed in SEEDS]),
        "first_episode_of_a_seed": medians([timed(lambda seed=seed: worlds.fresh(seed)) for seed in SEEDS]),  # type: ignore[misc]
        "further_episode_of_a_seed": medians([timed(lambda seed=seed: worlds.fresh(seed)) for seed in SEEDS]),  # type: ignore[misc]
        "decision_of_5_actions": medians(decision_samples(worlds)),
        "conditions": {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load_1_min": round(os.getloadavg()[0], 1),
            "seeds": len(SEEDS),
            "decisions": DECISIONS,
        },
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
