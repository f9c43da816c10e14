"""What the base model can read."""

from collections.abc import Sequence

from trainer.batches import Item
from trainer.errors import InvalidRequestError
from trainer.frozen_base import FrozenBase


def check_readable(base: FrozenBase, names: Sequence[str], items: Sequence[Item]) -> None:
    """Raises InvalidRequestError, with the name of the first item that is too long or holds an unknown token: past
    these limits the model would answer with numbers that mean nothing, or take the device down."""
    for name, item in zip(names, items, strict=True):
        if item.length > base.max_length:
            raise InvalidRequestError(f"{name} has {item.length} tokens; the model reads at most {base.max_length}")
        largest = max(max(item.prompt_ids), max(item.completion_ids))
        if largest >= base.vocab_size:
            raise InvalidRequestError(f"{name} has the token id {largest}; the vocabulary has {base.vocab_size} tokens")
