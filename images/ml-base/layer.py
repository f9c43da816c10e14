"""Writes the machine-learning layer: what a lock file names, out of the environment that runs this, as a tar on stdout.

The layer is one virtual environment at /opt/ml, made of the very files that the tests run with. To copy 2 GB from an
environment that is here anyway takes seconds; to install it again in a build, commit, compress and push it took six
minutes. Same environment, same bytes: names are sorted, owners and times are fixed, so the layer's digest is the same.

Run it with the environment's interpreter: `python layer.py LOCK_FILE...`. Raises LookupError when a pin is not
installed.
"""

from __future__ import annotations

import io
import os
import re
import stat
import sys
import tarfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

from cuda_stubs import LAZY_BINDING, SONAMES
from debug_data import without_debug_data

PREFIX = "opt/ml"
"""Where the environment lies in the image; first on PATH there."""
INTERPRETER = "/usr/bin/python3.11"
"""The image's own Python, of the same minor version as the one that runs this."""
MODIFIED = 1_700_000_000
"""Every file's time: bytecode in the environment does not look at it (PEP 552)."""

NOT_NEEDED = re.compile(
    r"^bin/|(^|/)include/"  # programs hold this machine's paths; headers are for compilers
    r"|/torch/bin/(?!torch_shm_manager$)"  # `import torch` looks for this one
    r"|\.(a|bc|h|hpp|cuh|pyi|pxd|cu|lib)$"
    r"|/(libtorch_cuda_linalg|libnvperf_\w+)\.so$"  # loaded when a GPU is used
)
"""What nothing loads when a program runs on a CPU."""
DEBUG_DATA_FROM = 1 << 20
"""Shared libraries of at least this many bytes are looked at for debug data; vLLM's have 300 MB of it."""


def wanted_files(prefix: Path, lock_files: Iterable[Path]) -> list[Path]:
    """Files of every pinned distribution and their bytecode, relative to the environment's folder, sorted."""
    found: set[Path] = set()
    pinned = dict(pins(lock_files))
    for name, version in pinned.items():
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise LookupError(f"{name}=={version} is in a lock file and not in {prefix}") from None
        if distribution.version != version:
            raise LookupError(f"{name} is pinned to {version} and installed in version {distribution.version}")
        for file in distribution.files or ():
            path = Path(os.path.normpath(str(distribution.locate_file(file))))
            bytecode = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
            found.update(entry for entry in (path, bytecode) if entry.is_file())
    if "torch" in pinned:
        # What cuda_stubs.py has put beside it, and its line for the interpreter's start.
        site_packages = Path(str(metadata.distribution("torch").locate_file("")))
        found.update((site_packages / "torch" / "lib" / soname) for soname in SONAMES)
        found.add(site_packages / LAZY_BINDING)
    relative = (path.relative_to(prefix) for path in found)
    return sorted(path for path in relative if not NOT_NEEDED.search(path.as_posix()))


def pins(lock_files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """(name, version) of every `name==version` line."""
    for lock_file in lock_files:
        for line in lock_file.read_text().splitlines():
            pin = line.partition("#")[0].strip()
            if pin:
                name, _, version = pin.partition("==")
                yield name, version


def write_layer(prefix: Path, lock_files: Iterable[Path], out: BinaryIO) -> None:
    """The layer as an uncompressed tar (an image's layer in the OCI image format)."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as layer:
        layer.copybufsize = 1 << 20  # type: ignore[attr-defined]  # tarfile's own constant is 16 KiB
        for directory in ("opt", PREFIX, f"{PREFIX}/bin"):
            layer.addfile(_entry(directory, tarfile.DIRTYPE, 0o755))
        for name, target in (("python3.11", INTERPRETER), ("python3", "python3.11"), ("python", "python3.11")):
            link = _entry(f"{PREFIX}/bin/{name}", tarfile.SYMTYPE, 0o777)
            link.linkname = target
            layer.addfile(link)
        home = f"home = {os.path.dirname(INTERPRETER)}\ninclude-system-site-packages = false\n".encode()
        configuration = _entry(f"{PREFIX}/pyvenv.cfg", tarfile.REGTYPE, 0o644)
        configuration.size = len(home)
        layer.addfile(configuration, io.BytesIO(home))
        made: set[Path] = set()
        for path in wanted_files(prefix, lock_files):
            for parent in reversed(path.parents[:-1]):
                if parent not in made:
                    made.add(parent)
                    layer.addfile(_entry(f"{PREFIX}/{parent.as_posix()}", tarfile.DIRTYPE, 0o755))
            _add_file(layer, prefix / path, f"{PREFIX}/{path.as_posix()}")


def _add_file(layer: tarfile.TarFile, source: Path, name: str) -> None:
    status = source.stat()
    entry = _entry(name, tarfile.REGTYPE, 0o755 if status.st_mode & stat.S_IXUSR else 0o644)
    if source.suffix == ".so" and status.st_size >= DEBUG_DATA_FROM:
        library = without_debug_data(source.read_bytes())
        entry.size = len(library)
        layer.addfile(entry, io.BytesIO(library))
        return
    entry.size = status.st_size
    with source.open("rb") as content:
        layer.addfile(entry, content)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, MODIFIED
    return entry


if __name__ == "__main__":
    write_layer(Path(sys.prefix), [Path(argument) for argument in sys.argv[1:]], sys.stdout.buffer)
