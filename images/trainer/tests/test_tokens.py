"""Token ids in, the same ids at the model: packing pads and reorders, and changes none."""

import random

import pytest
import torch

from trainer.batches import Item, micro_batches
from trainer.plan import Group


@pytest.mark.parametrize("seed", range(20))
def test_every_id_reaches_the_model_in_its_place(seed: int) -> None:
    draw = random.Random(seed)

    def ids(least: int, most: int) -> list[int]:
        return [draw.randrange(2**31) for _ in range(draw.randint(least, most))]

    items = []
    for _ in range(draw.randint(1, 17)):
        completion = ids(1, 9)
        logprobs = [-float(draw.randrange(1, 2**20)) / 1024 for _ in completion]  # exact in float32
        items.append(Item(ids(1, 30), completion, logprobs, draw.choice([-1.0, 0.5])))
    order = draw.sample(range(len(items)), len(items))
    size = draw.randint(1, 6)
    groups = [Group(order[start : start + size]) for start in range(0, len(order), size)]
    seen = set()
    for micro in micro_batches(items, groups, torch.device("cpu")):
        for row, index in enumerate(micro.indices):
            item, chosen = items[index], micro.rows == row
            seen.add(index)
            whole = [*item.prompt_ids, *item.completion_ids]
            assert micro.input_ids[row, : item.length].tolist() == whole
            assert micro.targets[chosen].tolist() == list(item.completion_ids)
            # The output at a position predicts the next token: that one is the target.
            assert [whole[position + 1] for position in micro.positions[chosen].tolist()] == list(item.completion_ids)
            tokens = len(item.completion_ids)
            assert micro.sampler_logprobs[row, :tokens].tolist() == list(item.sampler_logprobs)
            assert micro.mask[row].sum() == tokens
    assert seen == set(range(len(items)))
