"""Where the model lives and in which number format."""

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
