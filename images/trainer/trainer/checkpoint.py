"""The state of a run after a step: one file, so that one rename makes the step true.

state/{run}/step-00000007.safetensors holds the float32 masters, AdamW's moments and the generators as tensors, and in
the header's metadata everything else. The two newest stay: the current one, and the one before it for a step that must
be done again with other samples.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from trainer.durable import commit_file
from trainer.errors import TrainerError
from trainer.schemas import AdapterRef, RunSpec, StepResult

KEEP = 2
_METADATA_KEY = "rewardlab"


class Record(BaseModel):
    """What a checkpoint knows besides its tensors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str
    step: int
    spec: RunSpec
    adapter: AdapterRef
    cursor: dict[str, JsonValue] | None = None
    request_digest: str | None = None
    """Of the samples that made this step; None for step 0."""
    result: StepResult | None = None


class CheckpointError(TrainerError):
    """A state file can't be read. It is never skipped in silence."""

    code = "damaged_state"


class CheckpointFolder:
    def __init__(self, adapters_dir: Path, run: str) -> None:
        self._folder = adapters_dir / "state" / run

    def steps(self) -> list[int]:
        """Steps that can be restored, oldest first; empty for a run that was never here."""
        return sorted(int(file.stem.removeprefix("step-")) for file in self._folder.glob("step-*.safetensors"))

    def write(self, record: Record, tensors: Mapping[str, Tensor]) -> None:
        """Makes `record` the state of its step. Raises OSError if the disk refuses; what was there then stays."""
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / ".tmp-step"
        save_file(dict(tensors), temporary, metadata={_METADATA_KEY: record.model_dump_json()})
        commit_file(temporary, self.file(record.step))
        for step in self.steps():
            if step > record.step or step <= record.step - KEEP:
                self.file(step).unlink()

    def read(self, step: int) -> tuple[Record, dict[str, Tensor]]:
        """The record and tensors of a step. Raises CheckpointError if the file is absent or damaged."""
        file = self.file(step)
        try:
            with safe_open(file, framework="pt", device="cpu") as stored:
                record = Record.model_validate_json(stored.metadata()[_METADATA_KEY])
                return record, {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{file} can't be read ({error}); remove it to go on from the step before, if there is one"
            ) from error

    def file(self, step: int) -> Path:
        """Where the checkpoint of a step is, whether or not it is there."""
        return self._folder / f"step-{step:08d}.safetensors"
