"""How fast a device multiplies matrices: what a step's rate is compared with."""

import time

import torch

from trainer.device import synchronize

SIDES = {"cpu": (1024,), "cuda": (4096, 8192)}


@torch.no_grad()
def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of the best of a few products of square matrices, each timed over some tenths of a second."""
    return max(_rate(side, device, dtype) for side in SIDES[device.type])


def _rate(side: int, device: torch.device, dtype: torch.dtype) -> float:
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    out = torch.empty_like(left)
    # Of one CPU thread the processor's time: what else runs on the machine does not count.
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    best = 0.0
    for _ in range(3):
        torch.mm(left, right, out=out)
        synchronize(device)
        count, started = 0, clock()
        while clock() - started < 0.3:
            for _ in range(4):
                torch.mm(left, right, out=out)
            synchronize(device)
            count += 4
        best = max(best, count * 2 * side**3 / (clock() - started))
    return best
