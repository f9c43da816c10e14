"""SHA-256 digests: of an adapter's files, and of what a client sent."""

import hashlib
from pathlib import Path

from pydantic import BaseModel


def digest_text(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def digest_model(body: BaseModel, exclude: set[str] | None = None) -> str:
    """Digest of a body's canonical JSON: equal for equal content, whatever its layout on the wire."""
    return digest_text(body.model_dump_json(exclude=exclude))


def digest_folder(folder: Path, name: str) -> tuple[str, str]:
    """The digest of a folder of plain files, and the text of its digest file.

    The digest covers the files' names and bytes, not the folder's name, so two versions with equal weights have equal
    digests. The text is a checksum list that `sha256sum -c` reads from the parent folder, `name` being the folder's
    final name; the digest of the whole stands in its first line, as a comment.
    """
    sums = []
    for file in sorted(folder.iterdir()):
        with file.open("rb") as stream:
            sums.append((file.name, hashlib.file_digest(stream, "sha256").hexdigest()))
    digest = digest_text("".join(f"{hexadecimal}  {file}\n" for file, hexadecimal in sums))
    lines = "".join(f"{hexadecimal}  {name}/{file}\n" for file, hexadecimal in sums)
    return digest, f"# {digest}\n{lines}"
