"""How far the trainer's log-probabilities are from the sampler's on the same tokens: the gate against silent drift.

Both sides are at temperature 1, before top-p and penalties: vLLM's default --logprobs-mode raw_logprobs reports that
whatever the request's temperature and top_p (its sampler takes the log-softmax of the untouched logits), and the
trainer takes the log-softmax of its own untouched logits. The one exception is guided decoding, whose mask vLLM applies
before; tokens that it forced belong under a loss_mask.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.schemas import Mismatch

LARGEST_EXPONENT = 60.0
"""Nats. A sampler that reports -9999 for a token must give an enormous kl, not one that JSON can't hold."""


def foreign_rows(trainer: Tensor, sampler: Tensor, mask: Tensor, limit: float | None) -> Tensor:
    """Which sequences of a micro-batch another policy than the trainer's has sampled, [n]: those whose mean
    |trainer - sampler| over the chosen tokens is above `limit`, nats; none without a limit.

    A server that decodes some requests with another adapter under the right name shows nowhere else: a few decisions
    drown in the mean over all tokens. trainer, sampler: raw log-probabilities [n, T]; mask [n, T].
    """
    if limit is None:
        return torch.zeros(mask.shape[0], dtype=torch.bool, device=mask.device)
    mean = ((trainer.detach() - sampler).abs() * mask).sum(dim=1) / mask.sum(dim=1)
    return ~(mean <= limit)  # NaN counts as foreign


@dataclass
class MismatchSum:
    """Running sums over a batch, in float64: kl is a difference of nearly equal numbers."""

    tokens: int = 0
    absolute: float = 0.0
    largest: float = 0.0
    k3: float = 0.0
    ratio: float = 0.0

    def add(self, trainer: Tensor, sampler: Tensor, mask: Tensor) -> None:
        """Adds a micro-batch: raw log-probabilities [n, T] of both sides and the mask [n, T] of chosen tokens."""
        delta = (trainer.detach() - sampler)[mask.bool()].double()  # [tokens]
        bounded = delta.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT)
        self.tokens += delta.numel()
        self.absolute += float(delta.abs().sum())
        self.largest = max(self.largest, float(delta.abs().max()))
        # k3 of KL(sampler || trainer), samples from the sampler: Schulman, "Approximating KL divergence", 2020.
        self.k3 += float((torch.expm1(bounded) - bounded).sum())
        self.ratio += float(bounded.exp().sum())

    def result(self) -> Mismatch:
        """Means a token; kl in nats a token, never negative."""
        return Mismatch(
            mean_abs_logprob_delta=self.absolute / self.tokens,
            max_abs_logprob_delta=self.largest,
            kl=self.k3 / self.tokens,
            mean_ratio=self.ratio / self.tokens,
        )
