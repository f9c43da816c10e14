"""Samples that the version before drew, while the step that made the current one was under way.

The current policy differs from their sampler's for a good reason: it has learned since. The loss corrects that with its
importance weight, min(trainer / sampler, tis_clip), as it corrects numerics: sum_a p_old(a) w(a) f(a) = sum_a p_now(a)
f(a) for w = p_now / p_old (losses.py). The gates can't tell that difference from a fault, so they compare the sampler
with the version that it was given: one more forward pass over the batch, with that version's weights from disk.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from trainer.adapter import Adapter
from trainer.batches import Item
from trainer.frozen_base import FrozenBase
from trainer.mismatch import MismatchSum, foreign_rows
from trainer.schemas import Mismatch
from trainer.score import score
from trainer.step import StepNumbers


@dataclass(frozen=True)
class StaleSamples:
    """What the version that drew a batch says of it."""

    mismatch: Mismatch
    foreign: list[bool]
    """By item: another policy than that version drew it."""
    seconds: float

    def learnable(self, items: Sequence[Item]) -> list[Item]:
        """The items; a foreign one has no advantage, as if it had earned nothing."""
        return [
            replace(item, advantage=0.0) if foreign else item for item, foreign in zip(items, self.foreign, strict=True)
        ]

    def enter(self, numbers: StepNumbers) -> None:
        """Puts a step's numbers right: the gates' are of the version that sampled; the rest is what was corrected."""
        numbers.off_policy, numbers.mismatch = numbers.mismatch, self.mismatch
        numbers.foreign = sum(self.foreign)
        numbers.seconds["forward"] += self.seconds


def look_back(
    base: FrozenBase,
    adapter: Adapter,
    weights: Mapping[str, Tensor],
    items: Sequence[Item],
    micro_batch: int,
    limit: float | None,
) -> StaleSamples:
    """Compares the sampler's log-probabilities with those of `weights`, the version that it was to sample from.

    limit: nats a token, as mismatch.foreign_rows takes it.
    """
    started = time.perf_counter()
    with adapter.holding(weights):
        scores = score(base, adapter, items, micro_batch)
    total, foreign = MismatchSum(), []
    for item, own in zip(items, scores, strict=True):
        trainer, sampler = (torch.tensor([values]) for values in (own, list(item.sampler_logprobs)))  # [1, T]
        mask = torch.ones_like(trainer) if item.loss_mask is None else torch.tensor([item.loss_mask]).float()  # [1, T]
        total.add(trainer, sampler, mask)
        foreign.append(bool(foreign_rows(trainer, sampler, mask, limit)))
    return StaleSamples(total.result(), foreign, time.perf_counter() - started)
