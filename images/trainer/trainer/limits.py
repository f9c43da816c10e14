"""What the base model can read, and what the memory holds."""

from collections.abc import Sequence

from trainer.batches import Item
from trainer.errors import InvalidRequestError, MemoryFullError
from trainer.frozen_base import FrozenBase
from trainer.memory import gib


def check_readable(base: FrozenBase, names: Sequence[str], items: Sequence[Item]) -> None:
    """Raises InvalidRequestError, with the name of the first item that is too long or holds an unknown token: past
    these limits the model would answer with numbers that mean nothing, or take the device down."""
    for name, item in zip(names, items, strict=True):
        if item.length > base.max_length:
            raise InvalidRequestError(f"{name} has {item.length} tokens; the model reads at most {base.max_length}")
        largest = max(max(item.prompt_ids), max(item.completion_ids))
        if largest >= base.vocab_size:
            raise InvalidRequestError(f"{name} has the token id {largest}; the vocabulary has {base.vocab_size} tokens")


def check_room(base: FrozenBase, taken: int, run: str, parameters: int) -> None:
    """Raises MemoryFullError, with the numbers, if the state of one more run does not fit. taken: trainable parameters
    of the runs that are in memory."""
    memory = base.memory
    needed, others = memory.run_bytes(parameters), memory.run_bytes(taken)
    if others + needed > memory.runs:
        raise MemoryFullError(
            f"run {run} needs {gib(needed)} for its adapter and optimizer; the runs in memory have {gib(others)} "
            f"of the {gib(memory.runs)} that are there for all. DELETE a finished run, lower lora.rank, or give the "
            "trainer more memory (the pod's limit, or MEMORY_GIB)",
            needed_bytes=needed,
            available_bytes=max(0, memory.runs - others),
        )


def check_fits(base: FrozenBase, names: Sequence[str], items: Sequence[Item], rank: int | None) -> None:
    """Raises InvalidRequestError, with the numbers, for the first item that does not fit into the memory even as a
    micro-batch of its own with every layer checkpointed that may be. rank: of the adapter; None for scoring."""
    memory = base.memory
    for name, item in zip(names, items, strict=True):
        needed = memory.needed_alone(item.lengths, rank)
        if needed > memory.activations:
            off = " (GRADIENT_CHECKPOINTING is off)" if memory.checkpointing == "off" and rank is not None else ""
            raise InvalidRequestError(
                f"{name} has {item.length} tokens, {len(item.completion_ids)} of them completion: alone in a "
                f"micro-batch it needs {gib(needed)}{off}, and {gib(memory.activations)} are there. Give the trainer "
                "more memory (the pod's limit, or MEMORY_GIB), or shorten prompts and completions",
                needed_bytes=needed,
                available_bytes=memory.activations,
            )
