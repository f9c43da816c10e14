"""Settings from the environment, and how the process ends when they can't work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from trainer.device import resolve_device, resolve_dtype
from trainer.settings import EXIT_CONFIG, SettingsError, read_settings


def environment(model_dir: Path, adapters: Path, **changes: str) -> dict[str, str]:
    return {"MODEL": str(model_dir), "ADAPTERS_DIR": str(adapters), "TRAINER_API_KEY": "k", **changes}


def test_defaults(model_dir: Path, tmp_path: Path) -> None:
    settings = read_settings(environment(model_dir, tmp_path, PATH="/bin"))
    assert (settings.port, settings.device, settings.dtype, settings.threads) == (8002, "auto", "auto", 1)
    assert "k" not in repr(settings.api_key)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"MODEL": str(tmp_path), "DEVICE": "gpu", "PORT": "0", "ADAPTERS_DIR": str(tmp_path / "nowhere")})
    text = str(caught.value)
    for expected in (
        "MODEL: ",
        "no config.json",
        "DEVICE: ",
        "PORT: ",
        "TRAINER_API_KEY: is not set",
        "ADAPTERS_DIR: ",
    ):
        assert expected in text


def test_a_default_folder_is_checked_like_a_given_one(model_dir: Path, tmp_path: Path) -> None:
    given = environment(model_dir, tmp_path)
    del given["ADAPTERS_DIR"]
    usable = os.access("/adapters", os.W_OK | os.X_OK)
    try:
        assert read_settings(given).adapters_dir == Path("/adapters") and usable
    except SettingsError as error:
        assert str(error).startswith("ADAPTERS_DIR: '/adapters' is not a folder") and not usable


def test_a_hub_name_is_no_folder(tmp_path: Path) -> None:
    assert read_settings(environment(Path("owner/model"), tmp_path)).model == "owner/model"


def test_no_gpu_means_cpu_when_asked_for_auto_and_an_error_when_asked_for_cuda(
    model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    automatic = read_settings(environment(model_dir, tmp_path))
    assert resolve_device(automatic).type == "cpu"
    assert resolve_dtype(automatic, torch.device("cpu")) == torch.float32
    assert resolve_dtype(automatic, torch.device("cuda")) == torch.bfloat16
    with pytest.raises(SettingsError, match="torch sees no GPU"):
        resolve_device(read_settings(environment(model_dir, tmp_path, DEVICE="cuda")))


@pytest.mark.parametrize(
    "changes, expected", [({"DEVICE": "cuda"}, "torch sees no GPU"), ({"MODEL": "/nowhere"}, "/nowhere")]
)
def test_the_process_ends_with_78_and_a_plain_message(
    model_dir: Path, tmp_path: Path, changes: dict[str, str], expected: str
) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "trainer"], cwd=Path(__file__).parent.parent, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "CUDA_VISIBLE_DEVICES": "", **environment(model_dir, tmp_path), **changes},
    )  # fmt: skip
    assert process.returncode == EXIT_CONFIG, process.stderr
    assert expected in process.stderr and "Traceback" not in process.stderr
