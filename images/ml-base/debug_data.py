"""Shared libraries without what only a debugger reads: symbol tables and debug sections after the last loaded byte."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")


def loaded_length(library: bytes) -> int:
    """How many bytes from the start of a 64-bit ELF file the loader may look at (System V ABI, gabi chapter 5).

    All of it for another kind of file. Tools that rewrite libraries put segments at the end; then nothing is saved.
    """
    if len(library) < _HEADER.size or library[:6] != b"\x7fELF\x02\x01":
        return len(library)
    fields = _HEADER.unpack_from(library)
    table, entry_size, entries = fields[5], fields[9], fields[10]
    end = table + entry_size * entries
    for index in range(entries):
        _, _, offset, _, _, in_file, _, _ = _SEGMENT.unpack_from(library, table + index * entry_size)
        end = max(end, offset + in_file)
    return end


def without_debug_data(library: bytes) -> bytes:
    """The library cut after its last loaded byte, saying that it has no section table (the loader never reads it)."""
    end = loaded_length(library)
    if end >= len(library):
        return library
    fields = list(_HEADER.unpack_from(library))
    fields[6] = fields[12] = fields[13] = 0  # e_shoff, e_shnum, e_shstrndx
    return _HEADER.pack(*fields) + library[_HEADER.size : end]
