"""Lets PyTorch's CUDA build load on a machine without CUDA, without 2.7 GB of GPU libraries.

The package index has one PyTorch for Linux: the CUDA build, whose shared libraries name cuBLAS, cuDNN, NCCL and others
as needed, so that the dynamic loader refuses `import torch` when one is absent. Nothing calls them on a CPU. The lock
file therefore leaves these packages out, and this program puts in their place libraries that have the right name
(SONAME) and no function, and has Python load extension modules with lazy binding (dlopen(3), RTLD_LAZY), so that a
function is looked for when it is called first. A call that would need the GPU ends the process with the loader's
"undefined symbol: cublasCreate_v2": loud, never a wrong number.

Run it once after an installation, with the interpreter of that environment: `python cuda_stubs.py`.
"""

from __future__ import annotations

import struct
import sys
import sysconfig
from pathlib import Path

SONAMES = (
    "libcublas.so.13",
    "libcublasLt.so.13",
    "libcudnn.so.9",
    "libcufft.so.12",
    "libcurand.so.10",
    "libcusparse.so.12",
    "libcusparseLt.so.0",
    "libnccl.so.2",
    "libnvrtc.so.13",
)
"""What torch 2.13.0's libtorch_cuda.so and libtorch_python.so need by name and never call on a CPU."""

LAZY_BINDING = "torch_lazy_binding.pth"
"""A line that Python runs as it starts (see the site module)."""

_PAGE = 0x1000
_ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_DYNAMIC_ENTRY = struct.Struct("<QQ")
_SYMBOL_BYTES = 24
_PT_LOAD, _PT_DYNAMIC, _PT_GNU_STACK = 1, 2, 0x6474E551
_DT_NULL, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ, _DT_SYMENT, _DT_SONAME = 0, 4, 5, 6, 10, 11, 14


def stub(soname: str) -> bytes:
    """An x86-64 ELF shared library with that name that defines nothing (System V ABI, gabi chapters 4 and 5).

    One read-write segment holds all: headers, an empty symbol table, its hash table, strings and the dynamic section.
    """
    strings = b"\0" + soname.encode() + b"\0"
    symbols = bytes(_SYMBOL_BYTES)  # the undefined symbol 0, which every table starts with
    hashes = struct.pack("<IIII", 1, 1, 0, 0)  # one bucket, one chain, both empty
    segments = 3
    symbols_at = _ELF_HEADER.size + segments * _PROGRAM_HEADER.size
    hashes_at = symbols_at + len(symbols)
    strings_at = hashes_at + len(hashes)
    dynamic_at = (strings_at + len(strings) + 7) // 8 * 8
    dynamic = b"".join(
        _DYNAMIC_ENTRY.pack(tag, value)
        for tag, value in (
            (_DT_SONAME, 1),
            (_DT_HASH, hashes_at),
            (_DT_STRTAB, strings_at),
            (_DT_SYMTAB, symbols_at),
            (_DT_STRSZ, len(strings)),
            (_DT_SYMENT, _SYMBOL_BYTES),
            (_DT_NULL, 0),
        )
    )
    end = dynamic_at + len(dynamic)
    ident = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)  # 64 bit, little endian, version 1
    header = _ELF_HEADER.pack(
        ident, 3, 62, 1, 0, _ELF_HEADER.size, 0, 0, _ELF_HEADER.size, _PROGRAM_HEADER.size, segments, 64, 0, 0
    )
    read_write = 6
    programs = (
        _PROGRAM_HEADER.pack(_PT_LOAD, read_write, 0, 0, 0, end, end, _PAGE)
        + _PROGRAM_HEADER.pack(
            _PT_DYNAMIC, read_write, dynamic_at, dynamic_at, dynamic_at, len(dynamic), len(dynamic), 8
        )
        + _PROGRAM_HEADER.pack(
            _PT_GNU_STACK, read_write, 0, 0, 0, 0, 0, 16
        )  # without it the loader wants an executable stack
    )
    body = (header + programs + symbols + hashes + strings).ljust(dynamic_at, b"\0")
    return body + dynamic


def write_stubs(site_packages: Path) -> list[Path]:
    """Puts the stubs beside torch's own libraries, where their search path ($ORIGIN) finds them, and the line for lazy
    binding into `site_packages`; returns what it wrote.

    Raises FileNotFoundError when torch is not installed there, FileExistsError when a real library of that name is: a
    stub would hide it.
    """
    libraries = site_packages / "torch" / "lib"
    if not libraries.is_dir():
        raise FileNotFoundError(f"{libraries} is not there: install the lock file first")
    real = [found for soname in SONAMES for found in (site_packages / "nvidia").glob(f"**/{soname}")]
    if real:
        raise FileExistsError(f"the real library {real[0]} is installed: take its package out of the lock file")
    written = []
    for soname in SONAMES:
        path = libraries / soname
        path.write_bytes(stub(soname))
        written.append(path)
    lazy = site_packages / LAZY_BINDING
    lazy.write_text("import os, sys; sys.setdlopenflags(os.RTLD_LAZY)\n")
    return [*written, lazy]


if __name__ == "__main__":
    for written_path in write_stubs(Path(sysconfig.get_paths()["purelib"])):
        print(f"wrote {written_path.name}", file=sys.stderr)
