"""The world is the same in every process, and it is Crafter."""

import os
import subprocess
import sys
from pathlib import Path

import crafter
import numpy as np
import pytest

from task_app.actions import ACTIONS, action_name
from task_app.episode import Episode
from task_app.world import World
from task_app.worlds import Worlds

ROOT = Path(__file__).parents[1]
PLAY = """
import random
from task_app.calls import ToolCall
from task_app.actions import ACTIONS
from task_app.episode import Episode
from task_app.worlds import Worlds
worlds = Worlds(size=4)
for seed in (1, 2, 1):
    generator = random.Random(seed)
    episode = Episode(worlds.fresh(seed))
    for _ in range(100):
        episode.play([ToolCall("interact_many", {"actions": generator.choices(ACTIONS, k=5)})])
    print(episode.hash.hexdigest())
"""
SERVE = """
import task_app.app
from numba.core.registry import cpu_target
from task_app.world import World
World(1).reset()
assert cpu_target.target_context.codegen().magic_tuple()[1:] == ("generic", ""), "the code must run on every CPU"
"""


def test_two_processes_play_identical_episodes() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PLAY],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    first, second = (run.communicate(timeout=60)[0].split() for run in runs)
    assert first == second
    assert first[0] == first[2] != first[1], "the hash depends on the seed and on nothing else"


def test_the_server_finds_the_noise_that_an_image_build_compiled(tmp_path: Path) -> None:
    def run(code: str) -> dict[str, int]:
        env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, timeout=60)
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb*")}

    compiled = run("from task_app import engine; engine.warm_up()")
    served = run(SERVE)
    assert compiled
    assert served == compiled, "a miss would be compiled again and saved; on a read-only root it can't be saved"


def test_a_world_begins_as_crafter_generates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crafter.Env, "_obs", lambda self: None)
    stock = crafter.Env(seed=11)
    stock.reset()
    ours = World(11)
    assert np.array_equal(ours.reset().semantic, stock._sem_view())
    # Up to the first balancing (step 10) Crafter doesn't iterate over a chunk: the two must play alike.
    for action in (1, 5, 3, 5, 2, 2, 5, 4, 5):
        _, _, _, info = stock.step(action)
        after = ours.step(action)
        assert np.array_equal(after.semantic, info["semantic"])
        assert after.inventory == info["inventory"]


def test_a_snapshot_goes_on_exactly_where_it_was_taken() -> None:
    world = World(5)
    world.reset()
    for action in range(17):
        world.step(action)
    copy = World.restore(world.snapshot())
    for action in [1, 5, 3, 5] * 60:
        left, right = world.step(action), copy.step(action)
        assert left.inventory == right.inventory
        assert np.array_equal(left.semantic, right.semantic)


def test_kept_beginnings_are_equal_to_fresh_ones_and_bounded() -> None:
    kept = Worlds(size=1)
    first, again = kept.fresh(8), kept.fresh(8)
    assert np.array_equal(first.observe().semantic, again.observe().semantic)
    again.step("move_left")
    assert kept.fresh(8).observe().steps == 0, "a played world must not change the kept beginning"
    kept.fresh(9)
    assert list(kept._beginnings) == [9]


def test_an_episode_replays_from_its_record() -> None:
    worlds = Worlds(size=1)
    world = worlds.fresh(21)
    episode = Episode.replay(world, [["move_left", "do"], ["sleep"], ["place_table", "move_up"]])
    again = Episode.replay(worlds.fresh(21), episode.action_names())
    assert again.hash.hexdigest() == episode.hash.hexdigest()
    other = Episode.replay(worlds.fresh(21), [["move_left", "do"], ["sleep"], ["place_table", "move_down"]])
    assert other.hash.hexdigest() != episode.hash.hexdigest()


def test_observations_do_not_change_afterwards() -> None:
    world = World(3)
    before = world.reset()
    semantic, inventory = before.semantic.copy(), dict(before.inventory)
    for _ in range(40):
        world.step("move_right")
    assert np.array_equal(before.semantic, semantic)
    assert before.inventory == inventory


def test_steps_show_the_state_after_the_action() -> None:
    world = World(3)
    before = world.reset()
    after = world.step("move_left")
    assert after.direction == "left"
    assert after.steps == before.steps + 1


def test_actions_are_crafters_and_indices_clip() -> None:
    assert len(ACTIONS) == 17
    assert (ACTIONS[0], ACTIONS[5], ACTIONS[16]) == ("noop", "do", "make_iron_sword")
    assert (action_name(-3), action_name(99)) == ("noop", "make_iron_sword")


def test_misuse_is_refused() -> None:
    world = World(1)
    with pytest.raises(RuntimeError, match="reset"):
        world.observe()
    world.reset()
    with pytest.raises(IndexError, match="17"):
        world.step(17)
    with pytest.raises(KeyError):
        world.step("fly")
