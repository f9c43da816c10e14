"""Measures and prints JSON: python -m bench [--device cpu|cuda] [--case NAME] [--repeats N] [--trl FOLDER].

Status 78 where the device is not there, or what it was asked for does not go together.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bench.cases import CASES
from bench.device_rate import matmul_rate

EXIT_CONFIG = 78
ROOM = Path(__file__).parent.parent
WARM_UP = 2
SAME = {"cpu": 1e-3, "cuda": 5e-2}
"""Largest relative difference of the gradient norms of one and the same step; bfloat16 rounds elsewhere in each."""


class Stepper:
    """One of the two trainers in a process of its own, which takes a step when asked."""

    def __init__(self, module: str, arguments: Sequence[str], trl: str | None) -> None:
        """Waits until it is ready. Raises RuntimeError with its last words if it ends before."""
        self._module, self._errors = module, tempfile.TemporaryFile("w+")  # noqa: SIM115
        paths = os.pathsep.join([*([trl] if trl else []), str(ROOM)])
        environment = os.environ | {
            "PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1",
            "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOM, env=environment, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        self.facts = self._line()

    def step(self) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        return self._line()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def _line(self) -> dict[str, float]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("bench: "):
                return dict(json.loads(line.removeprefix("bench: ")))
        self._errors.seek(0)
        last = self._errors.read().strip().splitlines()[-1:] or ["without a word"]
        raise RuntimeError(f"{self._module} ended: {last[0]}")


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def summary(steps: Sequence[dict[str, float]]) -> dict[str, float]:
    """Medians of the times, the largest peak."""
    counted = steps[WARM_UP:]
    times = {key: statistics.median(step[key] for step in counted) for key in ("seconds", "cpu_seconds")}
    return {**times, "peak_bytes": max(step["peak_bytes"] for step in counted), "steps": len(counted)}


def disagreement(ours: Sequence[dict[str, float]], theirs: Sequence[dict[str, float]]) -> float:
    """Largest relative difference of a step's gradient norm and of its loss (over the gradient's, since a loss may be
    0)."""
    pairs = list(zip(ours, theirs, strict=True))
    return max(
        abs(mine[key] - other[key]) / mine["grad_norm"] for mine, other in pairs for key in ("grad_norm", "loss")
    )


def compare(case: str, device: str, checkpointing: str, lengths: str, repeats: int, trl: str | None) -> dict[str, Any]:
    """Both trainers on the same batch: in turns on a CPU, one after the other on a GPU, which does not hold both.

    Raises RuntimeError if they did not take the same steps, or if one could not take any."""
    count, modules = WARM_UP + repeats, ("bench.ours", "bench.trls")
    progress(f"trainer: {case}, {lengths} lengths, checkpointing {checkpointing}: {count} steps of each")
    arguments = [case, device, checkpointing, lengths]
    taken: list[list[dict[str, float]]] = []
    if device == "cpu":
        steppers: list[Stepper] = []
        try:
            for module in modules:
                steppers.append(Stepper(module, arguments, trl))
            rounds = [[stepper.step() for stepper in steppers] for _ in range(count)]
        finally:
            for stepper in steppers:
                stepper.close()
        taken = [list(steps) for steps in zip(*rounds, strict=True)]
    else:
        taken = [alone(module, arguments, count, trl)[1] for module in modules]
    difference = disagreement(*taken)
    if difference > SAME[device]:
        raise RuntimeError(
            f"the two trainers did not take the same step: gradient norm or loss differ by {difference:.2g}"
        )
    return {
        "checkpointing": checkpointing, "lengths": lengths, "ours": summary(taken[0]), "trl": summary(taken[1]),
        "disagreement": difference,
    }  # fmt: skip


def alone(
    module: str, arguments: Sequence[str], count: int, trl: str | None
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """What it says of itself, and its steps."""
    stepper = Stepper(module, arguments, trl)
    try:
        return stepper.facts, [stepper.step() for _ in range(count)]
    finally:
        stepper.close()


def measure(device: str, case: str, repeats: int, trl: str | None) -> dict[str, Any]:
    """All of it; what could not be measured is told in not_measured."""
    torch.set_num_threads(1)
    place = torch.device(device)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    progress("trainer: the device's own rate")
    rate = matmul_rate(place, dtype)
    progress(f"trainer: {case} as the trainer takes it by itself: {WARM_UP + repeats} steps")
    facts, steps = alone("bench.ours", [case, device, "auto", "equal"], WARM_UP + repeats, trl)
    comparisons, not_measured = [], []
    # Off, equal lengths: the plainest case. Ragged: what rollouts are. On: TRL's default, and what a GPU holds.
    for checkpointing, lengths in [("off", "equal"), ("off", "ragged"), ("on", "equal")] if device == "cpu" else [
        ("on", "equal"), ("off", "equal"),
    ]:  # fmt: skip
        try:
            comparisons.append(compare(case, device, checkpointing, lengths, repeats, trl))
        except RuntimeError as error:
            not_measured.append(f"TRL, checkpointing {checkpointing}, {lengths} lengths: {error}")
    shape = CASES[case]
    return {
        "matmul_rate": rate, "facts": facts, "alone": summary(steps), "comparisons": comparisons,
        "not_measured": not_measured,
        "conditions": {
            "case": case, "device": torch.cuda.get_device_name(place) if device == "cuda" else "cpu, one thread",
            "batch": f"{shape.sequences} sequences of {shape.prompt} + {shape.completion} tokens",
            "micro_batch": shape.micro_batch, "repeats": repeats,
            **{name: importlib.metadata.version(name) for name in ("torch", "transformers", "peft")},
        },
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--case", choices=sorted(CASES))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--trl", help="folder with TRL and what it needs beyond the trainer's own packages")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print(
            "bench: --device cuda: torch sees no GPU here. Run it where there is one, with a Python that has torch for "
            "it, transformers and peft (--python); or leave --device out for the figures of a CPU.",
            file=sys.stderr,
        )
        return EXIT_CONFIG
    case = given.case or ("qwen3-4b" if given.device == "cuda" else "llama-27m")
    print(json.dumps(measure(given.device, case, given.repeats, given.trl)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
