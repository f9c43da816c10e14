"""One run: its adapter, optimizer and generators in memory, and the steps it has completed on disk."""

import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from trainer.adapter import Adapter
from trainer.adapter_files import is_intact, read_adapter, write_adapter
from trainer.batches import Item
from trainer.checkpoint import CheckpointError, CheckpointFolder, Record
from trainer.digest import digest_model
from trainer.errors import ConflictError
from trainer.frozen_base import FrozenBase
from trainer.generators import RunGenerators
from trainer.limits import check_fits, check_readable
from trainer.optimizer import AdapterOptimizer
from trainer.results import step_result
from trainer.schemas import AdapterRef, RunSpec, RunState, ScoreRequest, StepRequest, StepResult
from trainer.score import score
from trainer.stale import StaleSamples, look_back
from trainer.step import train_step

log = logging.getLogger("trainer")


@dataclass(frozen=True)
class Place:
    """What all runs of a trainer share."""

    base: FrozenBase
    base_model: str
    """Name of the base for adapter_config.json."""
    adapters_dir: Path


class Run:
    """Not safe for two threads at once. A step that raises anything but InvalidRequestError or ConflictError leaves the
    memory undefined and the disk as it was: drop the object and load it again."""

    def __init__(self, place: Place, name: str, spec: RunSpec) -> None:
        """A run in memory without a step to stand on; use create or load."""
        self._place, self._name, self.spec = place, name, spec
        self._checkpoints = CheckpointFolder(place.adapters_dir, name)
        self._adapter = Adapter(place.base, name, spec.lora, spec.seed)
        self._optimizer = AdapterOptimizer(self._adapter.weights, spec.optimizer)
        self._generators = RunGenerators(place.base.device, spec.seed)
        self._record: Record

    @classmethod
    def create(cls, place: Place, name: str, spec: RunSpec) -> "Run":
        """A new run at step 0, its zero-effect adapter v0 on disk. Raises InvalidRequestError for layers the base
        lacks, OSError if the disk refuses."""
        run = cls(place, name, spec)
        try:
            run._commit(Record(run=name, step=0, spec=spec, adapter=run._write_adapter(0)))
        except BaseException:
            run.unload()
            raise
        return run

    @classmethod
    def load(cls, place: Place, name: str) -> "Run | None":
        """The run as its newest checkpoint has it; None if there is none. Raises CheckpointError for a damaged one."""
        checkpoints = CheckpointFolder(place.adapters_dir, name)
        steps = checkpoints.steps()
        if not steps:
            return None
        record, tensors = checkpoints.read(steps[-1])
        run = cls(place, name, record.spec)
        try:
            run._restore(record, tensors)
            run._heal_adapter()
        except BaseException:
            run.unload()
            raise
        log.info("run %s resumed at step %d from disk", name, record.step)
        return run

    def state(self, *, created: bool = False) -> RunState:
        record = self._record
        return RunState(
            run=self._name,
            step=record.step,
            adapter=record.adapter,
            cursor=record.cursor,
            created=created,
            spec_digest=digest_model(self.spec),
            last_step=record.result,
        )

    def notes(self) -> list[str]:
        """What of the run's spec has no effect here, and why."""
        dropout = self.spec.lora.dropout
        why = "the sampler has none, and the policy that learns must be the one that sampled"
        return [f"lora.dropout {dropout} is not applied: {why}"] if dropout else []

    def repeated(self, request: StepRequest) -> StepResult | None:
        """The recorded result if this very step was taken already."""
        record = self._record
        if record.result is None or record.step != request.step or record.request_digest != _digest(request):
            return None
        self._heal_adapter()
        return record.result

    def step(self, request: StepRequest) -> StepResult:
        """Takes step completed + 1; or takes the completed one again from the checkpoint before it.

        Raises ConflictError for any other step, InvalidRequestError for tokens the base can't read, StepFailedError for
        numbers that are not finite, OSError if the disk refuses.
        """
        started = time.perf_counter()
        completed = self._record.step
        if request.step not in (completed, completed + 1):
            raise ConflictError(
                f"run {self._name} has completed step {completed}, so the next is {completed + 1}, not {request.step}",
                expected_step=completed + 1,
            )
        samples = request.samples
        items = [Item(s.prompt_ids, s.completion_ids, s.sampler_logprobs, s.advantage, s.loss_mask) for s in samples]
        names = [f"sample {s.id}" for s in samples]
        check_readable(self._place.base, names, items)
        check_fits(self._place.base, names, items, self.spec.lora.rank)
        if request.step == completed:
            self._roll_back(completed - 1)
        stale = self._look_back(request, items) if request.staleness else None
        with self._generators.active():
            numbers = train_step(
                self._place.base,
                self._adapter,
                self._optimizer,
                self.spec.algorithm,
                stale.learnable(items) if stale else items,
                self.spec.micro_batch,
                request.temperature,
                None if stale else request.max_logprob_delta,
            )
        if stale:
            stale.enter(numbers)
        saving = time.perf_counter()
        adapter = self._write_adapter(request.step)
        now = time.perf_counter()
        result = step_result(request.step, request.staleness, adapter, items, numbers, now - saving, now - started)
        record = Record(
            run=self._name,
            step=request.step,
            spec=self.spec,
            adapter=adapter,
            cursor=request.cursor,
            request_digest=_digest(request),
            result=result,
        )
        self._commit(record)
        # The recorded total could not hold the time of its own writing; the answer's does.
        seconds = result.seconds.model_copy(update={"total": time.perf_counter() - started})
        return result.model_copy(update={"seconds": seconds})

    def score(self, request: ScoreRequest) -> list[list[float]]:
        """Raises ConflictError unless the version asked for is the current one or the one before."""
        current, asked = self._record.step, request.adapter_version
        if asked not in (current, current - 1):
            raise ConflictError(
                f"run {self._name} is at adapter version {current}, not {asked}; "
                "only the current version and the one before can be scored",
                current_version=current,
            )
        items = [Item(sequence.prompt_ids, sequence.completion_ids) for sequence in request.sequences]
        names = [f"sequence {index}" for index in range(len(items))]
        check_readable(self._place.base, names, items)
        check_fits(self._place.base, names, items, None)
        with nullcontext() if asked == current else self._adapter.holding(self._version(asked)):
            return score(self._place.base, self._adapter, items, self.spec.micro_batch)

    def unload(self) -> None:
        """Frees the memory; everything on disk stays."""
        self._adapter.remove()

    def _look_back(self, request: StepRequest, items: Sequence[Item]) -> StaleSamples:
        weights = self._version(request.step - 1 - request.staleness)
        place, spec, limit = self._place, self.spec, request.max_logprob_delta
        return look_back(place.base, self._adapter, weights, items, spec.micro_batch, limit)

    def _version(self, version: int) -> dict[str, Tensor]:
        return read_adapter(self._place.adapters_dir, self._name, version)

    def _write_adapter(self, version: int) -> AdapterRef:
        place = self._place
        return write_adapter(
            place.adapters_dir,
            self._name,
            version,
            self._adapter.weights,
            self._adapter.config,
            place.base_model,
            place.base.dtype,
        )

    def _commit(self, record: Record) -> None:
        """The adapter is on disk already: this file's rename is the moment at which the step has happened."""
        self._checkpoints.write(record, self._optimizer.state() | self._generators.state())
        self._record = record

    def _restore(self, record: Record, tensors: dict[str, Tensor]) -> None:
        self._optimizer.restore(tensors)
        self._generators.restore(tensors)
        self._record = record

    def _roll_back(self, step: int) -> None:
        if step not in self._checkpoints.steps():
            raise ConflictError(
                f"step {step + 1} of run {self._name} can't be taken again with other samples: "
                f"there is no checkpoint of step {step}",
                expected_step=step + 2,
            )
        self._restore(*self._checkpoints.read(step))
        log.warning("run %s goes back to step %d: the next was posted again with other samples", self._name, step)

    def _heal_adapter(self) -> None:
        """A kill between the two renames of a replaced folder, or a hand, can leave the current version's folder absent
        or another; the checkpoint has its weights. Raises CheckpointError if they no longer give the recorded files."""
        recorded = self._record.adapter
        if is_intact(recorded):
            return
        written = self._write_adapter(recorded.version)
        log.warning("adapter %s was absent or changed on disk; written again from the checkpoint", recorded.name)
        if written.digest != recorded.digest:
            raise CheckpointError(
                f"adapter {recorded.name} written again has {written.digest}, recorded is {recorded.digest}: "
                "another version of the trainer, another model path or another number format made it"
            )


def _digest(request: StepRequest) -> str:
    """The cursor is the client's own note and no part of the step."""
    return digest_model(request, exclude={"cursor"})
