"""SHA-256 digests: of an adapter's files, and of what a client sent."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel


def digest_text(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def digest_model(body: BaseModel, exclude: set[str] | None = None) -> str:
    """Digest of a body's canonical JSON: equal for equal content, whatever its layout on the wire."""
    return digest_text(body.model_dump_json(exclude=exclude))


def digest_files(files: Mapping[str, bytes], name: str) -> tuple[str, str]:
    """The digest of a folder with these files, and the text of its digest file.

    The digest covers the files' names and bytes, not the folder's name, so two versions with equal weights have equal
    digests. The text is a checksum list that `sha256sum -c` reads from the parent folder, `name` being the folder's
    final name; the digest of the whole stands in its first line, as a comment.
    """
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    digest = _digest_of_sums(sums)
    lines = "".join(f"{sums[file]}  {name}/{file}\n" for file in sorted(sums))
    return digest, f"# {digest}\n{lines}"


def digest_folder(folder: Path) -> str:
    """The digest of a folder of plain files as they are on disk now."""
    sums = {}
    for file in folder.iterdir():
        with file.open("rb") as stream:
            sums[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return _digest_of_sums(sums)


def _digest_of_sums(sums: Mapping[str, str]) -> str:
    return digest_text("".join(f"{sums[file]}  {file}\n" for file in sorted(sums)))
