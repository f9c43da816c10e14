"""The preflight against a torch that is made up, and against the real one of a machine without a GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import preflight
from preflight import Expected, Found, Problem, check

GIB = 2**30
H100 = "NVIDIA H100 80GB HBM3"
CLOCK = [0.0]
"""Seconds, of the made-up GPU's own time."""
EXPECTED = Expected(1, ("NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-NVL"), 200)


class FakeMatrix:
    """A matrix of one number; a product takes as long as the fake GPU needs."""

    def __init__(self, torch: FakeTorch, value: float) -> None:
        self.torch, self.value = torch, value

    def __matmul__(self, other: FakeMatrix) -> FakeMatrix:
        if self.torch.error:
            raise RuntimeError(self.torch.error)
        self.torch.pending += 2 * preflight.SIZE**3 / (self.torch.rate * 1e12)
        return FakeMatrix(self.torch, self.torch.wrong or preflight.SIZE)

    def __eq__(self, other: object) -> Any:
        return SimpleNamespace(all=lambda: SimpleNamespace(item=lambda: self.value == other))

    __hash__ = None  # type: ignore[assignment]


class FakeTorch:
    """A torch with GPUs that are made up: their names, free share, rate in TFLOP/s, and faults."""

    __version__ = "2.11.0"
    bfloat16 = "bfloat16"

    def __init__(
        self,
        names: tuple[str, ...] = (H100,),
        free: float = 0.99,
        rate: float = 800,
        wrong: float = 0,
        error: str = "",
        cuda: str | None = "13.0",
    ) -> None:
        self.names, self.rate, self.wrong, self.error, self.pending = names, rate, wrong, error, 0.0
        self.version = SimpleNamespace(cuda=cuda)
        self.cuda = SimpleNamespace(
            is_available=lambda: len(names) > 0,
            device_count=lambda: len(names),
            get_device_name=lambda index: names[index],
            mem_get_info=lambda index: (int(free * 80 * GIB), 80 * GIB),
            synchronize=self.synchronize,
        )

    def synchronize(self) -> None:
        CLOCK[0] += self.pending
        self.pending = 0.0

    def device(self, kind: str, index: int) -> str:
        return f"{kind}:{index}"

    def ones(self, *shape: int, dtype: str, device: str) -> FakeMatrix:
        assert (shape, dtype, device) == ((preflight.SIZE, preflight.SIZE), "bfloat16", "cuda:0")
        return FakeMatrix(self, 1)

    randn = ones


@pytest.fixture(autouse=True)
def made_up_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "time", SimpleNamespace(perf_counter=lambda: CLOCK[0]))


def problem_of(torch: FakeTorch, expected: Expected = EXPECTED) -> str:
    return str(check(torch, expected, Found()))


def test_a_good_gpu_passes_and_is_told_in_full() -> None:
    found = Found()
    assert check(FakeTorch(), EXPECTED, found) is None
    assert (found.count, found.names, found.total_gib, found.right, found.cuda) == (1, (H100,), 80, True, "13.0")
    assert found.teraflops == 800


@pytest.mark.parametrize(
    ("name", "product"),
    [
        (H100, "NVIDIA-H100-80GB-HBM3"),
        ("NVIDIA H100 NVL", "NVIDIA-H100-NVL"),
        ("NVIDIA A100-SXM4-80GB", "NVIDIA-A100-SXM4-80GB"),
        ("Tesla T4", "Tesla-T4"),
        (H100, "NVIDIA-H100-80GB-HBM3-SHARED"),
    ],
)
def test_a_card_is_known_in_the_writing_of_the_driver_and_of_the_label(name: str, product: str) -> None:
    assert preflight.is_one_of(name, (product,))


@pytest.mark.parametrize("name", ["NVIDIA H100 PCIe", f"{H100} MIG 1g.10gb", "NVIDIA H100", ""])
def test_a_slice_of_a_card_and_another_card_of_the_name_are_others(name: str) -> None:
    assert not preflight.is_one_of(name, EXPECTED.products)


@pytest.mark.parametrize(
    ("torch", "reason", "remedy"),
    [
        (FakeTorch(names=()), "asked for 1 GPU and torch 2.11.0 sees none", "device plugin"),
        (FakeTorch(names=(), cuda=None), "built without CUDA", "CUDA build"),
        (FakeTorch(names=(H100, H100)), "asked for 1 GPU and sees 2", "NVIDIA_VISIBLE_DEVICES"),
        (
            FakeTorch(names=("NVIDIA L4",)),
            "the GPU is NVIDIA L4, and the stack takes NVIDIA-H100-80GB-HBM3, NVIDIA-H100-NVL",
            "gpu.products",
        ),
        (FakeTorch(free=0.5), "only 40.0 of 80.0 GiB", "nvidia-smi"),
        (FakeTorch(wrong=8191), "came out wrong", "cordon"),
        (FakeTorch(rate=60), "at 60 TFLOP/s; the stack wants 200", "gpu.minTeraflops"),
        (
            FakeTorch(error="CUDA error: uncorrectable ECC error encountered\nmore"),
            "the GPU does not work: CUDA error: uncorrectable ECC error encountered.",
            "Xid",
        ),
    ],
)
def test_each_fault_is_told_with_its_reason_and_its_remedy(torch: FakeTorch, reason: str, remedy: str) -> None:
    said = problem_of(torch)
    assert reason in said
    assert remedy in said.partition("What to do: ")[2]


def test_a_wrong_card_is_not_computed_on() -> None:
    found = Found()
    check(FakeTorch(names=("NVIDIA L4",), error="touched"), EXPECTED, found)
    assert (found.teraflops, found.free_gib) == (None, None)


def test_reason_and_remedy_are_the_termination_message(tmp_path: Path) -> None:
    message = tmp_path / "termination-log"
    message.touch()
    preflight.leave(Problem("it is gone", "find it"), message)
    assert message.read_text() == "GPU preflight: it is gone. What to do: find it"
    longest = preflight.presence_problem(Found(count=8, names=(H100,) * 8), EXPECTED)
    assert len(str(longest)) < 4096  # the kubelet cuts there


def test_a_hanging_driver_ends_the_program_with_its_reason() -> None:
    program = "import preflight, threading, time; threading.Timer(0, preflight.give_up, [3]).start(); time.sleep(60)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(preflight.__file__).parent, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 78
    assert "nothing came back from the GPU within 3 s" in done.stderr


def test_the_program_ends_with_78_and_one_line_of_json_where_there_is_no_gpu() -> None:
    done = subprocess.run(
        [sys.executable, preflight.__file__, "--product=NVIDIA-H100-NVL", "--teraflops=200"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 78
    [line] = done.stdout.splitlines()
    assert json.loads(line) | {"torch": "", "cuda": None} == {
        "version": 1,
        "ok": False,
        "torch": "",
        "cuda": None,
        "count": 0,
        "names": [],
        "free_gib": None,
        "total_gib": None,
        "right": None,
        "teraflops": None,
    }
    assert "ERROR - GPU preflight: the pod asked for 1 GPU" in done.stderr
