"""An episode from its record: the same hash, a picture, and no other record passes for it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import replay
from task_app.episode import Episode
from task_app.world import World

ACTIONS = [["move_left", "do"], ["sleep"], ["place_table", "move_up", "noop"]]
GOLDEN = "8376d38b99b1ad264b26499252b87a53534af93b8f7006587b197dcca7ef3fb6"


def recorded(seed: int, actions: list[list[str]]) -> dict[str, Any]:
    world = World(seed)
    world.reset()
    episode = Episode.replay(world, actions)
    return {"env_seed": seed, "actions": actions, "trajectory_hash": episode.hash.hexdigest()}


def run(
    record: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str
) -> tuple[int, Any]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(record)))
    code = replay.main(args)
    text = capsys.readouterr()
    return code, json.loads(text.out) if text.out else text.err


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda record, *args: run(record, monkeypatch, capsys, *args)


def test_a_record_replays_to_its_hash_with_a_strip_of_its_decisions(play: Any, tmp_path: Path) -> None:
    out = tmp_path / "strip.png"
    code, result = play(recorded(21, ACTIONS), "--out", str(out))
    assert (code, result["same"], result["actions"], result["out"]) == (0, True, 6, str(out))
    with Image.open(out) as strip:
        # The beginning and the three decisions that did something, side by side; each shows nine tiles.
        assert strip.format == "PNG"
        assert strip.width == 4 * 9 * replay.UNIT[0]
        assert len(strip.getcolors(maxcolors=2**20) or []) > 20


def test_a_film_has_a_frame_for_every_action(play: Any, tmp_path: Path) -> None:
    out = tmp_path / "film.gif"
    assert play(recorded(21, [["move_left", "move_right"], ["move_up"]]), "--out", str(out))[0] == 0
    with Image.open(out) as film:
        assert (film.format, getattr(film, "n_frames", 1)) == ("GIF", 4)


@pytest.mark.parametrize("change", ["action", "order", "fewer", "seed", "hash"])
def test_a_changed_record_is_another_episode_and_gets_no_picture(play: Any, tmp_path: Path, change: str) -> None:
    record = recorded(21, [["move_left", "do"], ["move_up", "move_right"]])
    first, second = record["actions"]
    changed = {
        "action": {"actions": [["move_left", "do"], ["move_up", "move_down"]]},
        "order": {"actions": [second, first]},
        "fewer": {"actions": [first, second[:1]]},
        "seed": {"env_seed": 22},
        "hash": {"trajectory_hash": "0" * 64},
    }[change]
    out = tmp_path / "strip.png"
    code, result = play(record | changed, "--out", str(out))
    assert (code, result["same"], out.exists()) == (1, False, False)


def test_drawing_changes_no_world_at_night_either(play: Any, tmp_path: Path) -> None:
    """At action 210 it is midnight; drawing then takes the world's random numbers, and cows move by them."""
    record = recorded(3, [["noop"] * 20] * 15)
    assert play(record, "--out", str(tmp_path / "strip.png"))[1]["trajectory_hash"] == record["trajectory_hash"]


def test_the_hash_is_the_same_on_every_machine(play: Any) -> None:
    assert play({"env_seed": 21, "actions": ACTIONS, "trajectory_hash": GOLDEN})[0] == 0


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("no record", "no object"),
        ({"env_seed": 1, "actions": [["do"], []], "trajectory_hash": ""}, "decision 1 holds no action"),
        ({"env_seed": 1, "actions": [["fly"]], "trajectory_hash": ""}, "no action 'fly'"),
    ],
)
def test_what_can_not_be_played_is_said(play: Any, record: object, words: str) -> None:
    code, text = play(record)
    assert code == 2
    assert words in text
