"""A run's own random numbers: what one run draws never moves another's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor


class RunGenerators:
    """State of torch's generators as this run sees them, one on the CPU and one on the GPU where there is one."""

    def __init__(self, device: torch.device, seed: int) -> None:
        self._cuda = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=self._cuda):
            torch.manual_seed(seed)
            self._state = self._read()

    def _read(self) -> dict[str, Tensor]:
        state = {"rng/cpu": torch.get_rng_state()}
        for device in self._cuda:
            state["rng/cuda"] = torch.cuda.get_rng_state(device)
        return state

    @contextmanager
    def active(self) -> Iterator[None]:
        """Inside, torch draws from this run's streams; they go on where they stopped."""
        with torch.random.fork_rng(devices=self._cuda):
            torch.set_rng_state(self._state["rng/cpu"])
            for device in self._cuda:
                torch.cuda.set_rng_state(self._state["rng/cuda"], device)
            yield
            self._state = self._read()

    def state(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self._state.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Puts back what state() gave; a stream that the other machine did not have keeps its seed."""
        self._state |= {name: tensors[name].clone() for name in self._state if name in tensors}
