"""How a batch is cut into micro-batches: as large as the run allows and the memory holds, checkpointed by need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from trainer.memory import ModelShape, activation_bytes, run_bytes, scoring_bytes

Checkpointing = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class Lengths:
    """Tokens of a sequence."""

    prompt: int
    completion: int

    @property
    def total(self) -> int:
        return self.prompt + self.completion


@dataclass(frozen=True)
class Group:
    """Sequences that go through the model together."""

    indices: list[int]
    """Place of each in the list that was cut."""
    checkpointed: int = 0
    """Of the model's first layers."""


@dataclass(frozen=True)
class Memory:
    """What a micro-batch may take, and how to make it fit."""

    shape: ModelShape
    activations: int
    """Bytes for one micro-batch."""
    runs: int
    """Bytes for the adapters and optimizers of all runs."""
    checkpointing: Checkpointing
    margin: float
    """Over what the formula says."""
    worthwhile: int
    """Tokens of a micro-batch from which on smaller ones are better than checkpointing; below, the device idles."""

    def group(self, lengths: Sequence[Lengths], size: int, rank: int) -> list[Group]:
        """Micro-batches of at most `size` sequences of similar length; ties keep the caller's order. The same lengths
        are always cut in the same way. Every sequence must fit alone (needed_alone)."""
        return _cut(lengths, size, lambda rows: self._first_group(rows, rank))

    def group_for_scoring(self, lengths: Sequence[Lengths], size: int) -> list[Group]:
        """The same for a pass without gradients."""

        def first(rows: Sequence[Lengths]) -> tuple[int, int]:
            return next((n for n in range(len(rows), 1, -1) if self._scoring(rows[:n]) <= self.activations), 1), 0

        return _cut(lengths, size, first)

    def needed_alone(self, length: Lengths, rank: int | None) -> int:
        """Bytes of the smallest micro-batch that has this sequence in it; rank is None for a pass without gradients."""
        return self._scoring([length]) if rank is None else self._step([length], self._most_checkpointed, rank)

    def run_bytes(self, parameters: int) -> int:
        return run_bytes(parameters, self.shape.element)

    @property
    def _least_checkpointed(self) -> int:
        return self.shape.layers - 1 if self.checkpointing == "on" else 0

    @property
    def _most_checkpointed(self) -> int:
        """Never the last layer: its turn comes first, so making it again would spare nothing."""
        return 0 if self.checkpointing == "off" else self.shape.layers - 1

    def _first_group(self, rows: Sequence[Lengths], rank: int) -> tuple[int, int]:
        """How many of the shortest sequences go first, and how many layers are checkpointed for them."""
        least, most = self._least_checkpointed, self._most_checkpointed
        free = self._largest(rows, least, rank)
        enough = next((n for n in range(1, len(rows)) if _padded(rows[:n]) >= self.worthwhile), len(rows))
        if free >= enough:
            return free, least
        count = max(1, free, self._largest(rows[:enough], most, rank))
        return count, next(k for k in range(least, most + 1) if k == most or self._fits(rows[:count], k, rank))

    def _largest(self, rows: Sequence[Lengths], checkpointed: int, rank: int) -> int:
        return next((n for n in range(len(rows), 0, -1) if self._fits(rows[:n], checkpointed, rank)), 0)

    def _fits(self, rows: Sequence[Lengths], checkpointed: int, rank: int) -> bool:
        return self._step(rows, checkpointed, rank) <= self.activations

    def _step(self, rows: Sequence[Lengths], checkpointed: int, rank: int) -> int:
        return int(self.margin * activation_bytes(self.shape, rank, _padded(rows), _completion(rows), checkpointed))

    def _scoring(self, rows: Sequence[Lengths]) -> int:
        return int(self.margin * scoring_bytes(self.shape, _padded(rows), _completion(rows)))


def _cut(lengths: Sequence[Lengths], size: int, first: Callable[[Sequence[Lengths]], tuple[int, int]]) -> list[Group]:
    """first: of the shortest sequences that are left, at most `size`, how many go together and how they are
    checkpointed."""
    order = sorted(range(len(lengths)), key=lambda index: (lengths[index].total, index))
    groups = []
    while order:
        count, checkpointed = first([lengths[index] for index in order[:size]])
        groups.append(Group(order[:count], checkpointed))
        order = order[count:]
    return groups


def _padded(rows: Sequence[Lengths]) -> int:
    return len(rows) * max(row.total for row in rows)


def _completion(rows: Sequence[Lengths]) -> int:
    return sum(row.completion for row in rows)
