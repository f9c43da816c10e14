"""What a run leaves on the disk, as tests of runs look at it."""

from typing import Any

import torch
from safetensors.torch import load_file

from trainer.metrics import Metrics
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import StepResult


def reopened(place: Place) -> Runs:
    """The runs as another process with the same disk would see them; the base is shared to save its loading."""
    return Runs(place, Metrics(lambda: 0))


def numbers(result: StepResult) -> dict[str, Any]:
    """A result without its clock readings."""
    return result.model_dump(exclude={"seconds"})


def adapter(place: Place, name: str) -> dict[str, torch.Tensor]:
    return load_file(place.adapters_dir / name / "adapter_model.safetensors")


def distance(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return sum(float((one[key] - other[key]).square().sum()) for key in one) ** 0.5


def state_file(place: Place, run: str, step: int) -> bytes:
    return (place.adapters_dir / "state" / run / f"step-{step:08d}.safetensors").read_bytes()
