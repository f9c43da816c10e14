"""An adapter version on disk, in PEFT's format, for vLLM to load."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from safetensors.torch import load_file, save
from torch import Tensor

from trainer.digest import digest_files, digest_folder
from trainer.durable import commit_folder, empty_folder, write_text
from trainer.errors import ConflictError
from trainer.schemas import AdapterRef


def write_adapter(
    adapters_dir: Path,
    run: str,
    version: int,
    weights: Mapping[str, Tensor],
    config: LoraConfig,
    base_model: str,
    dtype: torch.dtype,
) -> AdapterRef:
    """Writes {run}-v{version} and its digest file; a folder of that name with equal content is left alone.

    weights are PEFT's names and tensors; they are stored as `dtype`. The digest is of what was to be written: made of
    the files on disk it would call a torn one whole. Raises OSError if the disk refuses; nothing of the version stays
    then, because what a large one leaves on a full disk is missing to the small ones of other runs.
    """
    name = f"{run}-v{version}"
    stored = {key: weight.detach().to("cpu", dtype).contiguous() for key, weight in weights.items()}
    files = {
        "adapter_config.json": adapter_config(config, base_model).encode(),
        "adapter_model.safetensors": save(stored, metadata={"format": "pt"}),
    }
    digest, text = digest_files(files, name)
    final, temporary = adapters_dir / name, adapters_dir / f".tmp-{name}"
    if digest_on_disk(adapters_dir, name) != digest:  # Else vLLM may be reading it, and there is nothing to change.
        try:
            _write_files(empty_folder(temporary), files)
            write_text(adapters_dir / f"{name}.sha256", text)
            commit_folder(temporary, final)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    return AdapterRef(name=name, version=version, path=str(final), digest=digest)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)
        # Whatever the process's mask: the sampler may run as somebody else.
        (folder / name).chmod(0o644)


def read_adapter(adapters_dir: Path, run: str, version: int) -> dict[str, Tensor]:
    """The weights of {run}-v{version} as the sampler read them, by PEFT's names, on the CPU.

    Raises ConflictError if the folder is gone or its digest is not the one that was written beside it.
    """
    name = f"{run}-v{version}"
    record, digest = adapters_dir / f"{name}.sha256", digest_on_disk(adapters_dir, name)
    if digest is None or not record.is_file() or record.read_text().splitlines()[0] != f"# {digest}":
        raise ConflictError(f"the files of adapter {name} are gone or not the ones that were written")
    return load_file(adapters_dir / name / "adapter_model.safetensors")


def digest_on_disk(adapters_dir: Path, name: str) -> str | None:
    """The digest of an adapter's folder as it is now; None if there is no folder."""
    folder = adapters_dir / name
    return digest_folder(folder) if folder.is_dir() else None


def is_intact(adapter: AdapterRef) -> bool:
    """Whether the folder on disk is the one that was recorded."""
    return digest_on_disk(Path(adapter.path).parent, adapter.name) == adapter.digest


def adapter_config(config: LoraConfig, base_model: str) -> str:
    """adapter_config.json with its sets sorted: PEFT's own writer leaves their order to the process's hash seed, and
    the digest of equal weights would differ."""
    values: dict[str, Any] = config.to_dict()
    values |= {"base_model_name_or_path": base_model, "inference_mode": True}
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in values.items()}
    return json.dumps(plain, indent=2, sort_keys=True, default=str) + "\n"
