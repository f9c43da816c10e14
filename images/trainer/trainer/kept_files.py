"""A run's files on disk as a client may fetch them: an adapter version's, and the newest checkpoint.

Read from the disk alone, and from the disk as it is now: neither the model nor the run has to be in memory.
"""

import hashlib
from pathlib import Path

from trainer.checkpoint import CheckpointFolder
from trainer.errors import TrainerError
from trainer.schemas import KeptFile, KeptFiles


class UnknownFileError(TrainerError):
    """No such version, checkpoint or file: 404."""

    status = 404
    code = "unknown_file"


class FolderFiles:
    """The plain files of one folder, by name."""

    def __init__(self, files: list[Path], what: str, version: int) -> None:
        self._files, self._what, self._version = {file.name: file for file in files}, what, version

    def listed(self) -> KeptFiles:
        """Names, sizes in bytes and SHA-256 digests; reads every byte. Raises UnknownFileError for a vanished file."""
        try:
            kept = [_kept(file) for _, file in sorted(self._files.items())]
        except FileNotFoundError as error:
            name = Path(error.filename).name
            raise UnknownFileError(f"{self._what}: {name} is gone; ask again for the newest") from error
        return KeptFiles(version=self._version, files=kept)

    def path(self, name: str) -> Path:
        """Where a file of the folder is. Raises UnknownFileError for a name that is not in it."""
        if name not in self._files:
            raise UnknownFileError(f"{self._what} has no file {name!r}; it has {', '.join(sorted(self._files))}")
        return self._files[name]


def adapter_files(adapters_dir: Path, run: str, version: int) -> FolderFiles:
    """Raises UnknownFileError if the version's folder is not there."""
    folder = adapters_dir / f"{run}-v{version}"
    if not folder.is_dir():
        raise UnknownFileError(f"there is no folder {folder}")
    return FolderFiles([file for file in folder.iterdir() if file.is_file()], f"adapter {run}-v{version}", version)


def newest_checkpoint(adapters_dir: Path, run: str) -> FolderFiles:
    """The checkpoint that the run would go on from; its version is its step. Raises UnknownFileError without one."""
    checkpoints = CheckpointFolder(adapters_dir, run)
    steps = checkpoints.steps()
    if not steps:
        raise UnknownFileError(f"run {run} has no checkpoint")
    return FolderFiles([checkpoints.file(steps[-1])], f"run {run}'s newest checkpoint", steps[-1])


def _kept(file: Path) -> KeptFile:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return KeptFile(name=file.name, size=stream.tell(), sha256=digest)
