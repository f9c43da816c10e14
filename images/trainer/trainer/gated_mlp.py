"""The last half of a gated MLP, y = down(silu(g) u), as one operation for autograd.

Autograd by itself keeps four tensors of the MLP's width for it (g, silu(g), u and the product), which are more than
half of a layer's activations. Two are enough: the product is made again from g and u in the backward pass, for the
price of two passes over memory. The numbers are those of the plain formula, bit for bit in the forward pass.
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from trainer.lora_linear import adapter_of


class GatedProduct(torch.autograd.Function):  # type: ignore[misc]
    """g, u [t, f], W [d, f], bias [d] or None, and of the adapter A [r, f], B [d, r] and s, to y [t, d].

    dp = dy W + s (dy B) A, dg = dp u silu'(g), du = dp silu(g), with p = silu(g) u; dA and dB as in lora_linear.py.
    """

    @staticmethod
    def forward(
        ctx: Any, g: Tensor, u: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scaling: float
    ) -> Tensor:
        product = silu(g).mul_(u)  # [t, f]
        low = linear(product, a)  # [t, r]
        ctx.save_for_backward(g, u, weight, a, b, low)
        ctx.scaling = scaling
        return linear(product, weight, bias).addmm_(low, b.T, alpha=scaling)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = gradients  # [t, d]
        g, u, weight, a, b, low = ctx.saved_tensors
        grad_low = (grad @ b).mul_(ctx.scaling)  # [t, r]
        grad_b = (grad.T @ low).mul_(ctx.scaling)
        gate = silu(g)  # [t, f]
        grad_a = grad_low.T @ (gate * u)
        grad_product = (grad @ weight).addmm_(grad_low, a)  # [t, f]
        grad_u = gate.mul_(grad_product)
        grad_g = torch.ops.aten.silu_backward(grad_product.mul_(u), g)
        return grad_g, grad_u, None, None, grad_a, grad_b, None


def keep_less(mlp: nn.Module) -> bool:
    """Makes a gated MLP with SiLU compute this way wherever an adapter is on its last layer. False, and nothing done,
    for another kind of module. For a model whose layers do more than the formula says the difference is found by
    comparing, in frozen_base.py."""
    names = {name for name, _ in mlp.named_children()}
    if names != {"gate_proj", "up_proj", "down_proj", "act_fn"} or not _is_silu(mlp.act_fn):
        return False
    mlp.forward = MethodType(_forward, mlp)
    return True


def _forward(mlp: Any, x: Tensor) -> Tensor:
    g, u = mlp.gate_proj(x), mlp.up_proj(x)  # [.., f]
    parts = adapter_of(mlp.down_proj)
    if parts is None:
        return mlp.down_proj(mlp.act_fn(g) * u)
    width = g.shape[-1]
    return GatedProduct.apply(g.reshape(-1, width), u.reshape(-1, width), *parts).view(*x.shape[:-1], -1)


def _is_silu(activation: Any) -> bool:
    probe = torch.linspace(-4, 4, 33)
    return bool(torch.equal(activation(probe), silu(probe)))
