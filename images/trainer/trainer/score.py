"""The trainer's own log-probabilities of given tokens: what canaries and mismatch probes ask for."""

from collections.abc import Sequence

import torch

from trainer.adapter import Adapter
from trainer.batches import Item, micro_batches
from trainer.frozen_base import FrozenBase
from trainer.logprobs import completion_logprobs


@torch.no_grad()
def score(base: FrozenBase, adapter: Adapter, items: Sequence[Item], micro_batch: int) -> list[list[float]]:
    """Nats at temperature 1, one list an item in the order given, one value a completion token."""
    scores: list[list[float]] = [[] for _ in items]
    with adapter.active():
        groups = base.memory.group_for_scoring([item.lengths for item in items], micro_batch)
        for micro in micro_batches(items, groups, base.device):
            _, raw = completion_logprobs(base, micro, 1.0)  # [n, T]
            for index, row in zip(micro.indices, raw.tolist(), strict=True):
                scores[index] = row[: len(items[index].completion_ids)]
    return scores
