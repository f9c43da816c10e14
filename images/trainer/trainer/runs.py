"""All runs of this process by name; those on disk come back when they are asked for."""

import torch
from safetensors import SafetensorError

from trainer.adapter import adapter_parameters
from trainer.digest import digest_model
from trainer.errors import ConflictError, InvalidRequestError, StepFailedError, TrainerError, UnknownRunError
from trainer.limits import check_room
from trainer.metrics import Metrics
from trainer.run import Place, Run
from trainer.schemas import RunSpec, RunState, ScoreRequest, StepRequest, StepResult


class Runs:
    """Every method but peek, loaded and memory is for the one worker thread."""

    def __init__(self, place: Place, metrics: Metrics) -> None:
        self._place, self._metrics = place, metrics
        self._loaded: dict[str, Run] = {}

    def loaded(self) -> dict[str, Run]:
        return dict(self._loaded)

    def memory(self) -> dict[str, int]:
        """Bytes: the base's weights, and what there is for the state of all runs and for one micro-batch."""
        memory = self._place.base.memory
        return {"base": memory.shape.base_bytes, "runs": memory.runs, "activations": memory.activations}

    def peek(self, name: str) -> RunState | None:
        """State of a run in memory, without waiting for the worker."""
        run = self._loaded.get(name)
        return run.state() if run else None

    def put(self, name: str, spec: RunSpec) -> RunState:
        """Creates the run, or confirms one with an equal spec. Raises ConflictError if its spec is another,
        MemoryFullError if a new one does not fit beside those in memory."""
        run = self._find(name)
        if run is None:
            base = self._place.base
            taken = sum(adapter_parameters(base, other.spec.lora) for other in self._loaded.values())
            check_room(base, taken, name, adapter_parameters(base, spec.lora))
            self._loaded[name] = run = Run.create(self._place, name, spec)
            return run.state(created=True)
        if run.spec != spec:
            raise ConflictError(
                f"run {name} exists with another spec ({_differences(run.spec, spec)}); give the new run another name",
                spec_digest=digest_model(run.spec),
            )
        return run.state()

    def get(self, name: str) -> RunState:
        return self._need(name).state()

    def step(self, name: str, request: StepRequest) -> StepResult:
        """Takes a step, or answers for one that was taken. Raises StepFailedError if it could not be taken; the run is
        then as it was before."""
        run = self._need(name)
        result = run.repeated(request)
        if result is not None:
            return result
        try:
            result = run.step(request)
        except (InvalidRequestError, ConflictError):
            raise
        except Exception as error:
            # Memory may hold half a step; the disk holds the last whole one, and the next request loads that.
            self._drop(name)
            self._metrics.record_failure(name)
            raise _as_step_failure(error, request.step, run.spec) from error
        self._metrics.record_step(name, result)
        return result

    def score(self, name: str, request: ScoreRequest) -> list[list[float]]:
        return self._need(name).score(request)

    def delete(self, name: str) -> None:
        """Frees the run's memory. Its adapters and its state stay on disk, so a later request finds it again."""
        self._need(name)
        self._drop(name)

    def _find(self, name: str) -> Run | None:
        if name not in self._loaded:
            run = Run.load(self._place, name)
            if run is None:
                return None
            self._loaded[name] = run
        return self._loaded[name]

    def _need(self, name: str) -> Run:
        run = self._find(name)
        if run is None:
            raise UnknownRunError(f"there is no run {name}; create it with PUT /runs/{name}")
        return run

    def _drop(self, name: str) -> None:
        self._loaded.pop(name).unload()


def _as_step_failure(error: Exception, step: int, spec: RunSpec) -> TrainerError:
    """The error with what the caller needs to know: that nothing happened, why, and what to do."""
    if isinstance(error, TrainerError):
        return error
    if isinstance(error, torch.cuda.OutOfMemoryError):
        torch.cuda.empty_cache()
        reason = (
            f"the GPU is out of memory; lower micro_batch ({spec.micro_batch}), or MEMORY_GIB if another process has "
            "taken its memory since the trainer started"
        )
    elif isinstance(error, (OSError, SafetensorError)):
        reason = f"it could not be saved: {error}"
    else:
        reason = f"{type(error).__name__}: {error}"
    return StepFailedError(f"step {step} was not taken: {reason}")


def _differences(old: RunSpec, new: RunSpec) -> str:
    """Which fields differ, as "lora.rank 16 -> 32"."""
    before, after = _flat(old), _flat(new)
    return ", ".join(f"{key} {before[key]} -> {after[key]}" for key in before if before[key] != after[key])


def _flat(spec: RunSpec) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in spec.model_dump().items():
        values |= {f"{key}.{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {key: value}
    return values
