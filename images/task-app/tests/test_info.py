"""What the app says about itself and its seeds (contract, sections 2.1 and 2.5)."""

import numpy as np
import pytest
from conftest import Caller

from task_app.engine import TILES
from task_app.traits import difficulty, world_traits
from task_app.world import World


def test_info_has_the_contracts_parts(caller: Caller) -> None:
    info = caller.get("/info").json()
    assert set(info) == {"service", "dataset", "rubrics", "inference", "capabilities", "limits"}
    assert info["service"]["task"] == {"id": "crafter_classic", "name": "Crafter Classic", "version": "1.0.0"}
    names = {info["service"]["app_id"], *info["service"]["aliases"]}
    assert names == {"grpo-crafter", "grpo-crafter-task-app", "crafter", "crafter-task"}
    assert info["limits"] == {"max_ops": 100000, "max_time_s": 3600}


def test_task_info_without_seeds_is_the_task_set(caller: Caller) -> None:
    taskset = caller.get("/task_info").json()["taskset"]
    assert (taskset["id"], taskset["default_seed"], taskset["seed_range"]) == (
        "crafter_classic_procedural",
        42,
        [0, 2**31 - 1],
    )


def test_one_seed_gives_an_object_and_several_a_list(caller: Caller) -> None:
    one = caller.get("/task_info?seed=7").json()
    assert one["dataset"]["seed"] == one["observation"]["seed"] == 7
    assert one["dataset"]["config"] == {"seed": 7, "area": [64, 64], "length": 10000}
    assert set(one["observation"]["traits"]) == {"trees", "cows", "hostiles"}
    assert one["observation"]["player_position"] == [32, 32]
    several = caller.get("/task_info?seed=7&seeds=8&seeds=9&seed=7").json()
    assert [info["dataset"]["seed"] for info in several] == [7, 7, 8, 9]
    assert several[0] == one


def test_world_size_and_length_of_task_info_are_settings(caller: Caller) -> None:
    one = caller.get("/task_info?seed=1", area=(48, 32), episode_length=500, default_seed=3, max_seed=99).json()
    assert one["dataset"]["config"] == {"seed": 1, "area": [48, 32], "length": 500}
    assert one["observation"]["player_position"] == [24, 16]
    assert (one["dataset"]["default_seed"], one["dataset"]["seed_range"]) == (3, [0, 99])


def test_bad_and_too_many_seeds_are_refused(caller: Caller) -> None:
    assert caller.get("/task_info?seed=x").status_code == 422
    assert caller.get("/task_info?" + "&".join(["seed=1"] * 257)).status_code == 422


@pytest.mark.parametrize(
    ("trees", "hostiles", "name"),
    [(4, 0, "easy"), (4, 1, "medium"), (3, 0, "medium"), (1, 0, "hard"), (9, 5, "hard"), (9, 6, "custom")],
)
def test_difficulty_bounds(trees: int, hostiles: int, name: str) -> None:
    assert difficulty({"trees": trees, "cows": 0, "hostiles": hostiles}) == name


def test_traits_count_within_ten_steps_of_walking() -> None:
    observation = World(0).reset()
    observation.semantic[:] = TILES.index("grass")
    x, y = observation.position
    for dx, dy, tile in ((10, 0, "tree"), (5, 5, "tree"), (6, 5, "tree"), (0, -1, "cow"), (-3, 3, "zombie")):
        observation.semantic[x + dx, y + dy] = TILES.index(tile)
    observation.semantic[x - 2, y] = np.uint8(TILES.index("skeleton"))
    assert world_traits(observation) == {"trees": 2, "cows": 1, "hostiles": 2}
