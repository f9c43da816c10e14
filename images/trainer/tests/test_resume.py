"""How a run comes back from disk: after another process, a crash at any point, and damage."""

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import frozen, load_llama, make_spec, make_step
from run_files import adapter, numbers, reopened, state_file
from safetensors.torch import load_file

from trainer import durable
from trainer.adapter_files import is_intact
from trainer.checkpoint import CheckpointError
from trainer.errors import StepFailedError, UnknownRunError
from trainer.run import Place
from trainer.runs import Runs


def test_a_run_comes_back_from_disk_and_goes_on_bit_for_bit(runs: Runs, place: Place) -> None:
    for name in ("straight", "broken"):
        runs.put(name, make_spec("grpo"))
    for step in (1, 2, 3, 4):
        runs.step("straight", make_step(step))
    current = runs
    for step in (1, 2, 3, 4):
        current.step("broken", make_step(step))
        current.delete("broken")
        current = reopened(place)
    assert current.get("broken").step == 4 and current.get("broken").cursor == {"iteration": 4}
    straight, broken = (
        load_file(place.adapters_dir / "state" / n / "step-00000004.safetensors") for n in ("straight", "broken")
    )
    assert straight.keys() == broken.keys() and any(name.startswith("exp_avg/") for name in straight)
    assert all(torch.equal(straight[name], broken[name]) for name in straight)


def test_the_same_step_again_gives_the_recorded_result(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    first = runs.step("a", make_step(1))
    before = state_file(place, "a", 1)
    again = runs.step("a", make_step(1))
    assert numbers(again) == numbers(first) and state_file(place, "a", 1) == before
    from_disk = reopened(place)
    runs.delete("a")
    assert from_disk.step("a", make_step(1)) == again


def test_the_same_step_with_other_samples_is_taken_again_from_the_step_before(runs: Runs, place: Place) -> None:
    for name in ("a", "b"):
        runs.put(name, make_spec())
        runs.step(name, make_step(1))
    runs.step("a", make_step(2, seed=1))
    redone, straight = runs.step("a", make_step(2, seed=2)), runs.step("b", make_step(2, seed=2))
    assert redone.adapter.digest == straight.adapter.digest
    assert runs.step("a", make_step(3)).adapter.digest == runs.step("b", make_step(3)).adapter.digest


def test_a_disk_that_refuses_fails_the_step_and_the_run_goes_on(
    runs: Runs, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        runs.put(name, make_spec())
    real = durable.sync_path

    def full(path: Path) -> None:
        if "step-" in path.name or path.name == ".tmp-step":
            raise OSError(28, "No space left on device")
        real(path)

    monkeypatch.setattr(durable, "sync_path", full)
    with pytest.raises(StepFailedError, match="No space left on device"):
        runs.step("a", make_step(1))
    monkeypatch.undo()
    assert runs.get("a").step == 0
    assert runs.step("a", make_step(1)).adapter.digest == runs.step("b", make_step(1)).adapter.digest


class Crash(BaseException):
    """The process dies here: nothing after it runs but the test."""


@pytest.mark.parametrize("taken_before", [False, True])
def test_a_crash_at_any_point_of_a_save_leaves_the_step_before_or_the_new_one_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch, taken_before: bool
) -> None:
    """taken_before: step 2 is posted again with other samples, so the save swaps a folder and a file that are there."""
    body = {step: make_step(step, count=3) for step in (1, 2, 3)}
    straight = reopened(place)
    straight.put("straight", make_spec())
    expected = [straight.step("straight", body[step]).adapter.digest for step in (1, 2, 3)][-1]
    calls, crash_at, states = 0, 0, set()

    def counted(function: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == crash_at:
                raise Crash
            return function(*args, **kwargs)

        return wrapper

    while True:
        crash_at += 1
        name = f"run-{crash_at}"
        runs = reopened(place)
        runs.put(name, make_spec())
        runs.step(name, body[1])
        if taken_before:
            runs.step(name, make_step(2, count=3, seed=3))
        calls, crashed = 0, False
        with monkeypatch.context() as patch:
            patch.setattr(durable, "sync_path", counted(durable.sync_path))
            for method in ("rename", "replace", "unlink", "write_text"):
                patch.setattr(Path, method, counted(getattr(Path, method)))
            try:
                runs.step(name, body[2])
            except Crash:
                crashed = True
        runs.loaded()[name].unload()  # its memory dies with the process
        again = reopened(place)
        states.add(again.get(name).step)
        again.step(name, body[2])
        assert again.step(name, body[3]).adapter.digest == expected, f"crash point {crash_at}"
        again.delete(name)
        if not crashed:
            break
    assert crash_at > 10
    assert states == ({2} if taken_before else {1, 2})


def test_a_damaged_state_file_is_an_error_and_not_a_fresh_start(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    runs.step("a", make_step(1))
    runs.delete("a")
    file = place.adapters_dir / "state" / "a" / "step-00000001.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="step-00000001"):
        runs.get("a")
    with pytest.raises(CheckpointError):
        runs.put("a", make_spec())
    file.unlink()
    assert runs.get("a").step == 0


@pytest.mark.parametrize("damage", ["absent", "changed"])
def test_an_adapter_folder_that_a_kill_left_wrong_is_written_again(runs: Runs, place: Place, damage: str) -> None:
    runs.put("a", make_spec())
    result = runs.step("a", make_step(1))
    runs.delete("a")
    file = place.adapters_dir / "a-v1" / "adapter_model.safetensors"
    if damage == "absent":
        (place.adapters_dir / "a-v1").rename(place.adapters_dir / "elsewhere")
    else:
        file.write_bytes(file.read_bytes()[:-1])
    assert runs.get("a").adapter == result.adapter
    assert is_intact(result.adapter)


def test_only_the_two_newest_checkpoints_stay(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    for step in range(1, 5):
        runs.step("a", make_step(step))
    names = sorted(file.name for file in (place.adapters_dir / "state" / "a").iterdir())
    assert names == ["step-00000003.safetensors", "step-00000004.safetensors"]
    assert sorted(p.name for p in place.adapters_dir.glob("a-v*") if p.is_dir()) == [f"a-v{n}" for n in range(5)]
    assert not list(place.adapters_dir.glob(".tmp*"))


def test_a_bfloat16_base_trains_float32_masters_and_resumes_bit_for_bit(model_dir: Path, tmp_path: Path) -> None:
    """As on a GPU: the adapter computes and is served in bfloat16, small updates add up in float32."""
    base = frozen(load_llama(model_dir, torch.bfloat16), "on")
    place = Place(base, str(model_dir), tmp_path)
    runs = reopened(place)
    for name in ("a", "b"):
        runs.put(name, make_spec(optimizer={"learning_rate": 1e-4}))
    for step in (1, 2, 3):
        assert runs.step("a", make_step(step)).grad_norm > 0
        runs.step("b", make_step(step))
        runs.delete("b")
    assert runs.get("a").adapter.digest == runs.get("b").adapter.digest
    state = load_file(tmp_path / "state" / "a" / "step-00000003.safetensors")
    for name, value in adapter(place, "a-v3").items():
        master = state[f"master/{name}"]
        assert (value.dtype, master.dtype) == (torch.bfloat16, torch.float32)
        assert torch.equal(value, master.bfloat16()) and not torch.equal(value.float(), master)


def test_delete_frees_the_adapter_and_keeps_the_files(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    runs.step("a", make_step(1))
    runs.delete("a")
    assert not [name for name, _ in place.base.model.named_parameters() if "run-a" in name]
    assert (place.adapters_dir / "a-v1").is_dir()
    assert runs.get("a").step == 1
    with pytest.raises(UnknownRunError):
        runs.delete("nobody")
