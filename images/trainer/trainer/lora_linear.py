"""A linear layer with a low-rank adapter, as one operation for autograd.

PEFT's own forward adds the adapter's output to the layer's in passes over memory of its own (scale, add), and its
backward does the like; on a GPU those passes take about as long as the product itself. Here the low-rank product is
added by the matrix product that computes it, and what is kept for the backward pass is the input and x A^T alone.

    y  = x W^T + s (x A^T) B^T          Hu et al. 2021, arXiv 2106.09685, eq. 3, with s = alpha / r
    dx = dy W + s (dy B) A              the gradients of a product, written out
    dA = s (dy B)^T x
    dB = s dy^T (x A^T)
"""

from typing import Any

import torch
from peft.tuners import lora
from torch import Tensor, nn
from torch.nn.functional import linear


class LoraProduct(torch.autograd.Function):  # type: ignore[misc]
    """x [t, i], W [o, i], bias [o] or None, A [r, i], B [o, r], s to y [t, o]. W and bias are frozen."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scaling: float
    ) -> Tensor:
        low = linear(x, a)  # [t, r]
        ctx.save_for_backward(x, weight, a, b, low)
        ctx.scaling = scaling
        return linear(x, weight, bias).addmm_(low, b.T, alpha=scaling)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = gradients  # [t, o]
        x, weight, a, b, low = ctx.saved_tensors
        need_x, _, _, need_a, need_b, _ = ctx.needs_input_grad
        grad_low = (grad @ b).mul_(ctx.scaling)  # [t, r]
        return (
            (grad @ weight).addmm_(grad_low, a) if need_x else None,
            None,
            None,
            grad_low.T @ x if need_a else None,
            (grad.T @ low).mul_(ctx.scaling) if need_b else None,
            None,
        )


class LoraLinear(lora.Linear):  # type: ignore[misc]
    """PEFT's layer in all but its arithmetic, for the one case that the trainer has: one active adapter, plain LoRA, in
    the layer's own number format."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        parts = adapter_of(self)
        if parts is None:
            return super().forward(x, *args, **kwargs)
        weight, bias, a, b, scaling = parts
        flat = x.reshape(-1, x.shape[-1])  # [t, i]
        return LoraProduct.apply(flat, weight, bias, a, b, scaling).view(*x.shape[:-1], -1)


def adapter_of(layer: nn.Module) -> tuple[Tensor, Tensor | None, Tensor, Tensor, float] | None:
    """Weight, bias, A, B and s of a layer whose forward is the formula above; None if it computes something else: no
    adapter is active there, or the adapter is in another number format."""
    if not isinstance(layer, LoraLinear) or layer.disable_adapters or layer.merged:
        return None
    active = [name for name in layer.active_adapters if name in layer.lora_A]
    if len(active) != 1 or active[0] in layer.lora_variant:
        return None
    name, base = active[0], layer.get_base_layer()
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    if a.dtype != base.weight.dtype:
        return None
    return base.weight, base.bias, a, b, layer.scaling[name]
