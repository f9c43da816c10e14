"""RMSNorm as one operation, for GPUs: transformers' own makes about ten passes over memory, half of them in float32,
and keeps a float32 copy of its input for the backward pass.

It rounds once where transformers rounds twice (before and after the weight), so in bfloat16 the last bit may differ. On
a CPU nothing is gained, and transformers' own stays.
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import rms_norm

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
"""Relative; bfloat16 has 8 bits of mantissa."""


@torch.no_grad()
def fuse_norm(norm: nn.Module) -> bool:
    """Replaces the module's forward by torch's operation if both give the same numbers on a probe; false, and nothing
    done, for any other module (Gemma's norm, say, adds 1 to its weight)."""
    if not type(norm).__name__.endswith("RMSNorm") or not hasattr(norm, "variance_epsilon"):
        return False
    weight = norm.weight
    assert isinstance(weight, nn.Parameter)
    probe = torch.linspace(-3, 3, 4 * weight.numel(), device=weight.device, dtype=weight.dtype).view(4, -1)
    tolerance = TOLERANCE.get(weight.dtype, 0.0)
    if not torch.allclose(_forward(norm, probe), norm(probe), rtol=tolerance, atol=tolerance):
        return False
    norm.forward = MethodType(_forward, norm)
    return True


def _forward(norm: Any, x: Tensor) -> Tensor:
    return rms_norm(x, norm.weight.shape, norm.weight, norm.variance_epsilon)
