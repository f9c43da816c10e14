"""A process that takes one training step a line of its input, and says a line of what it took."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from trainer.device import synchronize


class Meter:
    """Time and memory of a step. Memory on a CPU is the resident set's peak during the step, over what the process had
    before there was a model; on a GPU what torch had allocated at the worst moment."""

    def __init__(self, device: torch.device) -> None:
        """To be made after all imports and before the model."""
        self._device = device
        self._before = 0 if device.type == "cuda" else _status("VmRSS")

    def start(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        else:
            Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: proc(5)
        synchronize(self._device)
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> dict[str, float]:
        synchronize(self._device)
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        on_gpu = self._device.type == "cuda"
        peak = torch.cuda.max_memory_allocated(self._device) if on_gpu else _status("VmHWM") - self._before
        return {"seconds": wall, "cpu_seconds": cpu, "peak_bytes": peak}


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def say(values: dict[str, float]) -> None:
    """One line for the process that asked. Libraries print what they like, so it has a line's start of its own."""
    os.write(1, f"bench: {json.dumps(values)}\n".encode())


def wait_for_turn() -> None:
    """Until the other side asks for a step; ends the process when it has no more to ask."""
    if not sys.stdin.readline():
        os._exit(0)


def serve(step: Callable[[], dict[str, float]], meter: Meter, facts: dict[str, float]) -> None:
    """step: takes one and says its loss and gradient norm. facts: what there is to say before the first."""
    say(facts)
    while True:
        wait_for_turn()
        meter.start()
        numbers = step()
        say(meter.stop() | numbers)
