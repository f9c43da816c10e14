import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from cuda_stubs import LAZY_BINDING, SONAMES, stub, write_stubs


@pytest.mark.parametrize("soname", SONAMES)
def test_the_loader_takes_a_stub_for_a_library(soname: str, tmp_path: Path) -> None:
    path = tmp_path / soname
    path.write_bytes(stub(soname))
    library = ctypes.CDLL(str(path))
    assert not hasattr(library, "cublasCreate_v2")


def test_a_library_that_needs_a_stub_finds_it_by_its_name(tmp_path: Path) -> None:
    # dlopen by SONAME alone works only for a library that is loaded under that name already.
    path = tmp_path / "another-file-name.so"
    path.write_bytes(stub("libnccl.so.2"))
    program = f"import ctypes; ctypes.CDLL({str(path)!r}); ctypes.CDLL('libnccl.so.2')"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_stubs_lie_beside_torch_and_python_binds_lazily(tmp_path: Path) -> None:
    (tmp_path / "torch" / "lib").mkdir(parents=True)
    written = write_stubs(tmp_path)
    assert {path.name for path in written} == {*SONAMES, LAZY_BINDING}
    assert all(path.is_file() for path in written)
    assert write_stubs(tmp_path) == written


def test_no_stub_hides_a_real_library(tmp_path: Path) -> None:
    (tmp_path / "torch" / "lib").mkdir(parents=True)
    real = tmp_path / "nvidia" / "cu13" / "lib" / "libcublas.so.13"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"real")
    with pytest.raises(FileExistsError, match=r"libcublas\.so\.13"):
        write_stubs(tmp_path)


def test_without_torch_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="install the lock file first"):
        write_stubs(tmp_path)


def test_torch_of_this_environment_computes_and_says_that_it_has_no_gpu() -> None:
    program = (
        "import torch\n"
        "assert not torch.cuda.is_available()\n"
        "a = torch.randn(64, 64)\n"
        "assert torch.allclose(torch.linalg.inv(a) @ a, torch.eye(64), atol=1e-2)\n"
        "try:\n"
        "    torch.ones(1, device='cuda')\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, timeout=120, capture_output=True, text=True)
    assert "NVIDIA driver" in done.stdout
