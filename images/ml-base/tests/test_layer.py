import io
import sys
import tarfile
from pathlib import Path

import pytest

from layer import MODIFIED, PREFIX, pins, write_layer

SITE = f"{PREFIX}/lib/python3.11/site-packages"


def members(lock: Path) -> tuple[bytes, dict[str, tarfile.TarInfo]]:
    out = io.BytesIO()
    write_layer(Path(sys.prefix), [lock], out)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as layer:
        return out.getvalue(), {member.name: member for member in layer.getmembers()}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("# a comment\nidna==3.20  # with a reason\n\ncertifi==2026.10.18\n")
    return path


def test_pins_are_read_without_comments(lock: Path) -> None:
    assert list(pins([lock])) == [("idna", "3.20"), ("certifi", "2026.10.18")]


def test_a_layer_has_the_pinned_packages_their_bytecode_and_an_interpreter(lock: Path) -> None:
    _, layer = members(lock)
    assert f"{SITE}/idna/core.py" in layer
    assert f"{SITE}/idna/__pycache__/core.cpython-311.pyc" in layer
    assert any(name.startswith(f"{SITE}/certifi-2026.10.18.dist-info/") for name in layer)
    assert layer[f"{PREFIX}/bin/python3.11"].linkname == "/usr/bin/python3.11"
    assert not any("pytest" in name for name in layer)


def test_everybody_can_read_a_layer_and_equal_environments_make_equal_ones(lock: Path) -> None:
    first, layer = members(lock)
    second, _ = members(lock)
    assert first == second
    for member in layer.values():
        assert (member.uid, member.gid, member.mtime) == (0, 0, MODIFIED)
        assert member.mode & 0o444 == 0o444
        assert member.isfile() or member.mode & 0o111 == 0o111


def test_every_file_stands_after_its_folder(lock: Path) -> None:
    _, layer = members(lock)
    seen: set[str] = set()
    for name in layer:
        parent = name.rpartition("/")[0]
        assert parent == "" or parent in seen
        seen.add(name)


@pytest.mark.parametrize("pin", ["no-such-package==1.0", "idna==0.1"])
def test_a_pin_that_is_not_installed_stops_it(pin: str, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"{pin}\n")
    with pytest.raises(LookupError, match=pin.partition("=")[0]):
        members(lock)
