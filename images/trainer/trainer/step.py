"""One training step on one adapter: forward and backward over the micro-batches, then the optimizer."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from trainer.adapter import Adapter
from trainer.batches import Item, MicroBatch, micro_batches
from trainer.device import synchronize
from trainer.errors import StepFailedError
from trainer.frozen_base import FrozenBase
from trainer.logprobs import completion_logprobs
from trainer.losses import policy_loss
from trainer.mismatch import MismatchSum, foreign_rows
from trainer.optimizer import AdapterOptimizer, NonFiniteError
from trainer.schemas import AlgorithmSpec, Mismatch


@dataclass(frozen=True)
class OldPolicy:
    """A micro-batch's log-probabilities before the first update of its step, [n, T] each: the trainer's own, at the
    shape of the update, because another shape alone moves more sequences than GSPO's clip allows."""

    logprobs: Tensor
    sampler_log_ratio: Tensor
    advantages: Tensor
    """[n]; 0 for a sequence that another policy sampled."""


@dataclass
class StepNumbers:
    """What a step measured, before it is saved."""

    loss: float = 0.0
    grad_norm: float = 0.0
    clipped: float = 0.0
    ratio_sum: float = 0.0
    units: int = 0
    foreign: int = 0
    no_update: bool = False
    mismatch: Mismatch | None = None
    off_policy: Mismatch | None = None
    seconds: dict[str, float] = field(default_factory=lambda: {"forward": 0.0, "backward": 0.0, "optimizer": 0.0})


class Stopwatch:
    """Adds the seconds since the last lap to a phase, device included."""

    def __init__(self, base: FrozenBase, seconds: dict[str, float]) -> None:
        self._base, self._seconds = base, seconds
        self._last = 0.0
        self.lap()

    def lap(self, phase: str | None = None) -> None:
        synchronize(self._base.device)
        now = time.perf_counter()
        if phase is not None:
            self._seconds[phase] += now - self._last
        self._last = now


def train_step(
    base: FrozenBase,
    adapter: Adapter,
    optimizer: AdapterOptimizer,
    algorithm: AlgorithmSpec,
    items: Sequence[Item],
    micro_batch: int,
    temperature: float,
    max_logprob_delta: float | None = None,
) -> StepNumbers:
    """Updates the adapter once. Samples without advantage have no gradient: they are measured and no more; a batch of
    nothing else changes no weight, moment or generator. Samples that another policy drew (mismatch.foreign_rows) are
    counted and have no gradient either.

    Raises StepFailedError if the loss or a gradient is not finite; the caller must then restore the adapter.
    """
    numbers, mismatch = StepNumbers(), MismatchSum()
    learners = [item for item in items if item.advantage != 0.0]
    others = [item for item in items if item.advantage == 0.0]
    watch = Stopwatch(base, numbers.seconds)
    with adapter.active():
        with torch.no_grad():
            groups = base.memory.group_for_scoring([item.lengths for item in others], micro_batch)
            for micro in micro_batches(others, groups, base.device):
                _, raw = completion_logprobs(base, micro, temperature)
                mismatch.add(raw, micro.sampler_logprobs, micro.mask)
                numbers.foreign += int(foreign_rows(raw, micro.sampler_logprobs, micro.mask, max_logprob_delta).sum())
                _check_finite(raw, "log-probability of the trainer")
        watch.lap("forward")
        if learners:
            totals = (len(items), _chosen_tokens(items))
            groups = base.memory.group([item.lengths for item in learners], micro_batch, adapter.config.r)
            batches = micro_batches(learners, groups, base.device)
            accumulate(
                base, optimizer, algorithm, batches, None, temperature, totals, numbers, mismatch, max_logprob_delta
            )
            watch.lap()
            try:
                numbers.grad_norm = optimizer.apply()
            except NonFiniteError as error:
                raise StepFailedError(f"the step was not taken: {error}; lower the learning rate") from error
            watch.lap("optimizer")
    numbers.no_update = not learners
    numbers.mismatch = mismatch.result()
    return numbers


def accumulate(
    base: FrozenBase,
    optimizer: AdapterOptimizer,
    algorithm: AlgorithmSpec,
    batches: Sequence[MicroBatch],
    old: Sequence[OldPolicy] | None,
    temperature: float,
    totals: tuple[int, int],
    numbers: StepNumbers,
    mismatch: MismatchSum | None,
    max_logprob_delta: float | None = None,
) -> list[OldPolicy]:
    """Adds the gradient of the loss over `batches` to the optimizer's masters, and its numbers to `numbers`.

    old is None in the first pass of a step: nothing has changed since the policy was "old", so the current values,
    detached, are the old ones exactly, and no second forward pass is needed. A further pass over the same batches is
    given what the first returned. totals: sequences and chosen tokens of the whole batch.
    """
    seen = []
    watch = Stopwatch(base, numbers.seconds)
    for index, micro in enumerate(batches):
        logprobs, raw = completion_logprobs(base, micro, temperature)
        if old is None:
            # The sampler's normaliser at another temperature is unknown; taken equal to ours, the log-ratio at
            # temperature 1 divided by the temperature is the log-ratio of the two tempered policies.
            foreign = foreign_rows(raw, micro.sampler_logprobs, micro.mask, max_logprob_delta)
            numbers.foreign += int(foreign.sum())
            advantages = micro.advantages.masked_fill(foreign, 0.0)
            seen.append(OldPolicy(logprobs.detach(), (raw - micro.sampler_logprobs) / temperature, advantages))
        before = seen[index] if old is None else old[index]
        if mismatch is not None:
            mismatch.add(raw, micro.sampler_logprobs, micro.mask)
        parts = policy_loss(
            algorithm.kind,
            logprobs,
            before.logprobs,
            before.sampler_log_ratio,
            micro.mask,
            before.advantages,
            clip_low=algorithm.clip_low,
            clip_high=algorithm.clip_high,
            tis_clip=algorithm.tis_clip,
            batch_sequences=totals[0],
            batch_tokens=totals[1],
        )
        _check_finite(parts.loss, "loss")
        watch.lap("forward")
        parts.loss.backward()
        optimizer.collect()
        watch.lap("backward")
        numbers.loss += float(parts.loss.detach())
        numbers.clipped += parts.clipped
        numbers.ratio_sum += parts.ratio_sum
        numbers.units += parts.units
    return seen if old is None else list(old)


def _chosen_tokens(items: Sequence[Item]) -> int:
    return sum(len(item.completion_ids) if item.loss_mask is None else sum(item.loss_mask) for item in items)


def _check_finite(values: Tensor, what: str) -> None:
    if not bool(torch.isfinite(values).all()):
        shown = next((float(value) for value in values.detach().flatten() if not math.isfinite(float(value))), math.nan)
        raise StepFailedError(f"the step was not taken: a {what} is {shown}")
