"""Files and folders that are either whole or absent, whenever the process or the machine dies."""

import os
import shutil
from pathlib import Path


def sync_path(path: Path) -> None:
    """Flushes a file's bytes, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def commit_file(temporary: Path, final: Path) -> None:
    """Makes a finished file visible under its name, replacing what had it. Both lie in one folder."""
    sync_path(temporary)
    temporary.replace(final)
    sync_path(final.parent)


def write_text(path: Path, text: str) -> None:
    """Writes a small file in one go."""
    temporary = path.with_name(f".tmp-{path.name}")
    try:
        temporary.write_text(text)
        commit_file(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def empty_folder(path: Path) -> Path:
    """A folder without content; what a killed process left there is removed."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def commit_folder(temporary: Path, final: Path) -> None:
    """Makes a finished folder of plain files visible under its name, replacing what had it.

    A folder can't be swapped in one call: between the two renames the name is absent, so a reader sees the old folder,
    none, or the new one, never a mix.
    """
    for entry in temporary.iterdir():
        sync_path(entry)
    sync_path(temporary)
    if final.exists():
        old = final.with_name(f".tmp-old-{final.name}")
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
        temporary.rename(final)
        shutil.rmtree(old)
    else:
        temporary.rename(final)
    sync_path(final.parent)
