"""Looks at the GPU of a pod before its server starts on it: is it there, the right card, free, and does it compute?

A server that starts on a wrong, half-used or throttled GPU fails late, or runs for hours at a tenth of its speed. This
program runs first, in the server's own image, so with the server's own torch and driver libraries. It needs nothing
else: the stack mounts this one file, since vLLM's image and the trainer's have no other folder in common.

Prints what it found as one line of JSON. Ends with 0, or with 78 (EX_CONFIG: no restart would mend it), and then leaves
reason and remedy as the container's termination message, which `rewardlab up` and `kubectl describe pod` show.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

EX_CONFIG = 78
TERMINATION_LOG = Path("/dev/termination-log")
"""The kubelet mounts it into every container, writable where the root file system is not (terminationMessagePath)."""

LONGEST_SECONDS = 180
"""A GPU that has fallen off the bus lets calls hang for ever. Reading torch from a cold disk can take a minute."""

LEAST_FREE_SHARE = 0.95
"""Of a GPU that nobody else uses, this program's own CUDA context takes about 0.5 GiB: 1 % of 80 GB, 2 % of 24 GB."""

SIZE = 8192
"""Rows and columns of the product: 1.1 TFLOP, enough to keep an H100 busy; three matrices are 0.4 GiB."""
PRODUCTS = 20
"""Products in one timing, 28 ms at the 800 TFLOP/s of an H100."""


@dataclass(frozen=True)
class Expected:
    count: int
    products: tuple[str, ...]
    """Cards that will do, as GPU feature discovery writes them: NVIDIA-H100-80GB-HBM3."""
    teraflops: float
    """Least rate of a bfloat16 matrix product, in TFLOP/s."""


@dataclass
class Found:
    torch: str = ""
    cuda: str | None = None
    """CUDA version that torch was built with; None for a torch without CUDA."""
    count: int = 0
    names: tuple[str, ...] = ()
    """As the driver writes them: NVIDIA H100 80GB HBM3."""
    free_gib: float | None = None
    total_gib: float | None = None
    right: bool | None = None
    """Was the product what it must be?"""
    teraflops: float | None = None


@dataclass(frozen=True)
class Problem:
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"GPU preflight: {self.reason}. What to do: {self.remedy}"


def words(name: str) -> list[str]:
    """A card's name in either writing: the label has dashes for spaces, and -SHARED behind it for time-sliced GPUs."""
    return re.findall(r"[a-z0-9.]+", name.lower().removesuffix("-shared"))


def is_one_of(name: str, products: tuple[str, ...]) -> bool:
    return any(words(name) == words(product) for product in products)


def presence_problem(found: Found, expected: Expected) -> Problem | None:
    """What can be said without touching the GPU."""
    if found.count == 0:
        built = f"torch {found.torch} is built without CUDA" if found.cuda is None else f"torch {found.torch} sees none"
        return Problem(
            f"the pod asked for {expected.count} GPU and {built}",
            "check the node's driver and device plugin (nvidia-smi on the node; kubectl get node -o jsonpath="
            "'{.status.allocatable}'), gpu.runtimeClass, and that the image is a CUDA build; without GPUs, write "
            "trainer.device: cpu",
        )
    if found.count != expected.count:
        return Problem(
            f"the pod asked for {expected.count} GPU and sees {found.count}: {', '.join(found.names)}",
            "take NVIDIA_VISIBLE_DEVICES out of env and image, and give containers just the GPUs that they ask for "
            "(accept-nvidia-visible-devices-envvar-when-unprivileged = false in the container toolkit): vLLM and the "
            "trainer would both compute on the first GPU",
        )
    wrong = [name for name in found.names if not is_one_of(name, expected.products)]
    if wrong:
        return Problem(
            f"the GPU is {wrong[0]}, and the stack takes {', '.join(expected.products)}",
            "put the node's value of nvidia.com/gpu.product into gpu.products, or take the node out of the pool",
        )
    return None


def memory_problem(found: Found) -> Problem | None:
    assert found.free_gib is not None and found.total_gib is not None
    if found.free_gib >= LEAST_FREE_SHARE * found.total_gib:
        return None
    return Problem(
        f"only {found.free_gib:.1f} of {found.total_gib:.1f} GiB of the GPU's memory are free: something else uses it",
        "end it (nvidia-smi on the node names it), or turn off the sharing of GPUs on the node (time-slicing, MPS)",
    )


def rate_problem(found: Found, expected: Expected) -> Problem | None:
    assert found.teraflops is not None
    if not found.right:
        return Problem(
            "a product of two matrices of ones came out wrong",
            "take the node out of the pool (kubectl cordon) and have the card looked at: its results cannot be trusted",
        )
    if found.teraflops < expected.teraflops:
        return Problem(
            f"the GPU multiplies bfloat16 matrices at {found.teraflops:.0f} TFLOP/s; the stack wants "
            f"{expected.teraflops:.0f}",
            "look for throttling or another program on it (nvidia-smi -q -d PERFORMANCE on the node), or lower "
            "gpu.minTeraflops for a slower card",
        )
    return None


def look(torch: Any, found: Found) -> None:
    """Fills in what is there."""
    found.torch, found.cuda = torch.__version__, torch.version.cuda
    found.count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found.names = tuple(torch.cuda.get_device_name(index) for index in range(found.count))


def measure_memory(torch: Any, found: Found) -> None:
    free, total = torch.cuda.mem_get_info(0)
    found.free_gib, found.total_gib = round(free / 2**30, 2), round(total / 2**30, 2)


def measure_rate(torch: Any, found: Found) -> None:
    """Times products of two [SIZE, SIZE] bfloat16 matrices, each 2 SIZE^3 operations; the best of three timings."""
    device = torch.device("cuda", 0)
    ones = torch.ones(SIZE, SIZE, dtype=torch.bfloat16, device=device)
    # Sums of SIZE = 2^13 ones are exact, in the 32-bit accumulator and in bfloat16.
    found.right = bool(((ones @ ones) == SIZE).all().item())
    # Random numbers: the card draws more power on them than on ones, and is as slow as it will be.
    left, right = (torch.randn(SIZE, SIZE, dtype=torch.bfloat16, device=device) for _ in range(2))
    seconds = []
    for _ in range(3):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(PRODUCTS):
            left @ right
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    found.teraflops = round(PRODUCTS * 2 * SIZE**3 / min(seconds) / 1e12, 1)


def check(torch: Any, expected: Expected, found: Found) -> Problem | None:
    """The first thing that is wrong, with everything measured until then in `found`."""
    try:
        look(torch, found)
        if problem := presence_problem(found, expected):
            return problem
        measure_memory(torch, found)
        if problem := memory_problem(found):
            return problem
        measure_rate(torch, found)
        return rate_problem(found, expected)
    except RuntimeError as error:  # torch's word for whatever the driver reports
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return Problem(
            f"the GPU does not work: {first}",
            "look at the node (dmesg for Xid, nvidia-smi), and that its driver is as new as the image's CUDA needs",
        )


def leave(problem: Problem, message_file: Path = TERMINATION_LOG) -> None:
    """Says it where people and the kubelet read it."""
    print(f"ERROR - {problem}", file=sys.stderr, flush=True)
    if message_file.exists():
        message_file.write_text(str(problem))


def give_up(seconds: int) -> None:
    leave(
        Problem(
            f"nothing came back from the GPU within {seconds} s",
            "look at the node (dmesg for Xid, nvidia-smi); a card that hangs needs a reset or the node a restart",
        )
    )
    os._exit(EX_CONFIG)  # the main thread is stuck in the driver


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Looks at the GPU of this container.")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--product", action="append", required=True, dest="products")
    parser.add_argument("--teraflops", type=float, required=True)
    options = parser.parse_args(arguments)
    watch = threading.Timer(LONGEST_SECONDS, give_up, [LONGEST_SECONDS])
    watch.daemon = True
    watch.start()
    found = Found()
    try:
        import torch
    except (ImportError, OSError) as error:
        problem: Problem | None = Problem(f"torch can't be loaded: {error}", "take an image with torch for CUDA")
    else:
        problem = check(torch, Expected(options.count, tuple(options.products), options.teraflops), found)
    watch.cancel()
    print(json.dumps({"version": 1, "ok": problem is None, **asdict(found)}), flush=True)
    if problem:
        leave(problem)
    return EX_CONFIG if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
