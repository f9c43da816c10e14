"""Where the model lives and in which number format."""

import os
from pathlib import Path

import torch

from trainer.settings import Settings, SettingsError


def resolve_device(settings: Settings) -> torch.device:
    """The device asked for. Raises SettingsError if it is a GPU and there is none: training on a CPU by mistake looks
    like a slow run, never like an error."""
    available = torch.cuda.is_available()
    if settings.device == "cuda" and not available:
        raise SettingsError(
            "DEVICE: cuda was asked for but torch sees no GPU; "
            "give the pod a GPU and its runtime class, or set DEVICE=cpu"
        )
    return torch.device("cuda" if available and settings.device != "cpu" else "cpu")


def resolve_dtype(settings: Settings, device: torch.device) -> torch.dtype:
    """Number format of the base model and of the served adapters."""
    if settings.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32


def synchronize(device: torch.device) -> None:
    """Waits for the device, so that a clock read next measures what ran."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
PROCESS_BYTES = {"cpu": 5 * 2**28, "cuda": 3 * 2**29}
"""What a trainer takes before it has a model: libraries and the allocator's room, 1.25 GiB on a CPU; context, kernels
and cuBLAS's workspaces, 1.5 GiB on a GPU."""


def memory_limit(device: torch.device, cgroup_limit: Path = CGROUP_LIMIT) -> int:
    """Bytes that this process may use: what is free of a GPU now; on a CPU the container's limit (cgroup v2), or the
    machine's memory where there is none."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    text = cgroup_limit.read_text().strip() if cgroup_limit.is_file() else "max"
    return machine if text == "max" else min(machine, int(text))
