import ctypes
import importlib.util
from pathlib import Path

from debug_data import loaded_length, without_debug_data


def library() -> Path:
    """A wheel's compiled module that was not stripped."""
    spec = importlib.util.find_spec("multidict._multidict")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin)


def test_a_library_without_its_debug_data_still_loads(tmp_path: Path) -> None:
    whole = library().read_bytes()
    cut = without_debug_data(whole)
    assert len(cut) == loaded_length(whole) < len(whole)
    assert loaded_length(cut) == len(cut)
    path = tmp_path / "cut.so"
    path.write_bytes(cut)
    assert ctypes.PyDLL(str(path)).PyInit__multidict


def test_what_has_nothing_to_cut_stays_as_it_is() -> None:
    cut = without_debug_data(library().read_bytes())
    assert without_debug_data(cut) == cut


def test_another_kind_of_file_stays_as_it_is() -> None:
    for content in (b"", b"text", b"\x7fELF" + bytes(200)):
        assert without_debug_data(content) == content
