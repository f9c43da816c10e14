"""Samples in, micro-batches out, as the plan has cut them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.plan import Group, Lengths


@dataclass(frozen=True)
class Item:
    """One sequence to put through the model; the trainable parts are zero for scoring."""

    prompt_ids: Sequence[int]
    completion_ids: Sequence[int]
    sampler_logprobs: Sequence[float] = ()
    advantage: float = 0.0
    loss_mask: Sequence[bool] | None = None

    @property
    def length(self) -> int:
        return len(self.prompt_ids) + len(self.completion_ids)

    @property
    def lengths(self) -> Lengths:
        return Lengths(len(self.prompt_ids), len(self.completion_ids))


@dataclass(frozen=True)
class MicroBatch:
    """n sequences, padded on the right: L tokens in all, T completion tokens, m completion tokens without padding.

    No attention mask goes with it: under a causal mask no real token can see the padding to its right.
    """

    indices: list[int]
    """Place of each sequence in the list given to micro_batches."""
    input_ids: Tensor  # [n, L]
    targets: Tensor  # [m] the completion tokens
    rows: Tensor  # [m] sequence of each
    positions: Tensor  # [m] position in L whose output predicts it
    columns: Tensor  # [m] place in T
    width: int  # T
    mask: Tensor  # [n, T] 1 where the model chose the token
    sampler_logprobs: Tensor  # [n, T] raw
    advantages: Tensor  # [n]
    checkpointed: int  # of the model's first layers


def micro_batches(items: Sequence[Item], groups: Sequence[Group], device: torch.device) -> list[MicroBatch]:
    """One for each group, whose indices are places in `items`."""
    return [_pack(items, group, device) for group in groups]


def _pack(items: Sequence[Item], group: Group, device: torch.device) -> MicroBatch:
    chosen = [items[index] for index in group.indices]
    width = max(len(item.completion_ids) for item in chosen)
    input_ids = torch.zeros(len(chosen), max(item.length for item in chosen), dtype=torch.long)
    mask = torch.zeros(len(chosen), width)
    sampler = torch.zeros(len(chosen), width)
    rows: list[int] = []
    positions: list[int] = []
    columns: list[int] = []
    targets: list[int] = []
    for row, item in enumerate(chosen):
        input_ids[row, : item.length] = torch.tensor([*item.prompt_ids, *item.completion_ids])
        tokens = len(item.completion_ids)
        mask[row, :tokens] = 1.0 if item.loss_mask is None else torch.tensor(item.loss_mask, dtype=torch.float32)
        if item.sampler_logprobs:
            sampler[row, :tokens] = torch.tensor(item.sampler_logprobs, dtype=torch.float32)
        rows += [row] * tokens
        columns += range(tokens)
        positions += range(len(item.prompt_ids) - 1, item.length - 1)
        targets += item.completion_ids
    return MicroBatch(
        indices=group.indices,
        input_ids=input_ids.to(device),
        targets=torch.tensor(targets, device=device),
        rows=torch.tensor(rows, device=device),
        positions=torch.tensor(positions, device=device),
        columns=torch.tensor(columns, device=device),
        width=width,
        mask=mask.to(device),
        sampler_logprobs=sampler.to(device),
        advantages=torch.tensor([item.advantage for item in chosen], dtype=torch.float32, device=device),
        checkpointed=group.checkpointed,
    )
