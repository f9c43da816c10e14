"""AdamW on one adapter, with float32 masters whatever format the model computes in."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trainer.schemas import OptimizerSpec

MOMENTS = ("exp_avg", "exp_avg_sq", "step")
"""What torch's AdamW keeps a parameter."""


class NonFiniteError(Exception):
    """A gradient or a weight stopped being a number."""


class AdapterOptimizer:
    """Owns the masters. In float32 a master is the working weight itself; in bfloat16 it is a copy, because an update
    of 1e-5 relative is below what bfloat16 can add."""

    def __init__(self, weights: Mapping[str, nn.Parameter], spec: OptimizerSpec) -> None:
        self._working = dict(weights)
        self._max_norm = spec.max_grad_norm
        self.masters = {
            name: weight if weight.dtype == torch.float32 else nn.Parameter(weight.detach().float())
            for name, weight in weights.items()
        }
        # fused: all weights in one operation; the other forms hold copies of all of them on the way.
        self._adamw = torch.optim.AdamW(
            self.masters.values(), lr=spec.learning_rate, weight_decay=spec.weight_decay, betas=(0.9, 0.999), eps=1e-8,
            fused=True,
        )  # fmt: skip

    @torch.no_grad()
    def collect(self) -> None:
        """Moves a micro-batch's gradients from the working weights to the masters, where they add up in float32."""
        sums, gradients = [], []
        for name, working in self._working.items():
            master = self.masters[name]
            if master is working or working.grad is None:
                continue
            gradient, working.grad = working.grad.float(), None
            if master.grad is None:
                master.grad = gradient
            else:
                sums.append(master.grad)
                gradients.append(gradient)
        if sums:
            torch._foreach_add_(sums, gradients)

    def apply(self) -> float:
        """One AdamW step on the collected gradients, clipped to max_grad_norm; the norm before clipping.

        Raises NonFiniteError before any weight changed if the norm is not finite, and after if a weight is not.
        """
        norm = float(torch.nn.utils.clip_grad_norm_(self.masters.values(), self._max_norm))
        if norm != norm or norm in (float("inf"), float("-inf")):
            raise NonFiniteError(f"the gradient's norm is {norm}")
        self._adamw.step()
        self._adamw.zero_grad(set_to_none=True)
        finite = torch.stack([torch.isfinite(master).all() for master in self.masters.values()])
        if not bool(finite.all()):  # one answer from the device for all weights
            name = next(name for name, fine in zip(self.masters, finite.tolist(), strict=True) if not fine)
            raise NonFiniteError(f"the update made {name} infinite or not a number")
        self._publish()
        return norm

    @torch.no_grad()
    def _publish(self) -> None:
        for name, working in self._working.items():
            if self.masters[name] is not working:
                working.copy_(self.masters[name])

    def state(self) -> dict[str, Tensor]:
        """Masters and moments on the CPU, named kind/weight."""
        tensors = {f"master/{name}": master.detach() for name, master in self.masters.items()}
        for name, master in self.masters.items():
            for kind, value in self._adamw.state[master].items():
                tensors[f"{kind}/{name}"] = value
        return {name: value.cpu().clone().contiguous() for name, value in tensors.items()}

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Puts back what state() gave, bit for bit. Raises KeyError if a weight is missing."""
        self._adamw.zero_grad(set_to_none=True)
        for name, master in self.masters.items():
            master.copy_(tensors[f"master/{name}"])
            moments = {kind: tensors[f"{kind}/{name}"].clone() for kind in MOMENTS if f"{kind}/{name}" in tensors}
            self._adamw.state.pop(master, None)
            if moments:
                # The fused AdamW wants all of it beside the weight, its step counter too.
                self._adamw.state[master] = {kind: value.to(master.device) for kind, value in moments.items()}
        self._publish()
