"""The adapter folder: what PEFT and vLLM read, and its digest."""

import hashlib
import json
import resource
import subprocess
from pathlib import Path

import pytest
import torch
from conftest import MODULES, load_llama, make_spec, make_step
from peft import LoraConfig, PeftModel
from safetensors import safe_open
from safetensors.torch import load_file

from trainer.adapter_files import adapter_config, is_intact, write_adapter
from trainer.run import Place
from trainer.runs import Runs


def test_peft_loads_the_folder_and_holds_the_same_weights(runs: Runs, place: Place, model_dir: Path) -> None:
    runs.put("a", make_spec(lora={"rank": 4, "alpha": 32}))
    folder = Path(runs.step("a", make_step(1)).adapter.path)
    assert sorted(file.name for file in folder.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in folder.iterdir()), "vLLM may be another user"
    loaded = PeftModel.from_pretrained(load_llama(model_dir), str(folder))
    stored = load_file(folder / "adapter_model.safetensors")
    held = {name.replace(".default", ""): value for name, value in loaded.state_dict().items() if "lora_" in name}
    assert held.keys() == stored.keys() and len(stored) == 2 * 2 * len(MODULES)
    assert all(torch.equal(held[name], stored[name]) for name in stored)
    config = LoraConfig.from_pretrained(str(folder))
    assert (config.r, config.lora_alpha, config.lora_dropout, config.base_model_name_or_path) == (
        4,
        32,
        0.0,
        str(model_dir),
    )
    # peft.save_pretrained's own file names and keys: its round trip must not change ours.
    loaded.save_pretrained(folder.parent / "again")
    again = load_file(folder.parent / "again" / "adapter_model.safetensors")
    assert again.keys() == stored.keys() and all(torch.equal(again[name], stored[name]) for name in stored)


def test_the_config_uses_no_feature_that_vllm_refuses(place: Place) -> None:
    """vLLM's PEFTHelper rejects these when they are set; it needs r, lora_alpha and target_modules."""
    config = json.loads(adapter_config(LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]), "m"))
    refused = ("modules_to_save", "use_dora", "lora_bias", "layer_replication", "alora_invocation_tokens", "use_qalora")
    assert not [key for key in refused if config.get(key)]
    assert (config["r"], config["lora_alpha"], config["target_modules"]) == (4, 8, ["q_proj", "v_proj"])
    assert config["bias"] == "none" and config["init_lora_weights"] is True and config["peft_type"] == "LORA"


def test_the_digest_is_of_the_bytes_and_sha256sum_agrees(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    ref = runs.step("a", make_step(1)).adapter
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(Path(ref.path).iterdir())
    ]
    assert ref.digest == "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
    text = (place.adapters_dir / "a-v1.sha256").read_text()
    assert text.splitlines()[0] == f"# {ref.digest}"
    check = ["sha256sum", "--check", "--strict", "a-v1.sha256"]
    assert subprocess.run(check, cwd=place.adapters_dir, capture_output=True).returncode == 0
    weights = Path(ref.path) / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    assert subprocess.run(check, cwd=place.adapters_dir, capture_output=True).returncode == 1


def test_the_config_has_one_spelling(place: Place) -> None:
    """PEFT keeps target_modules in a set, whose order is the process's: written so, equal weights would have another
    digest after a restart."""
    config = LoraConfig(r=2, target_modules=list("hgfedcba"))
    assert isinstance(config.target_modules, set)
    text = adapter_config(config, "m")
    assert json.loads(text)["target_modules"] == list("abcdefgh")
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_a_bfloat16_base_gets_bfloat16_files(tmp_path: Path) -> None:
    weights = {"base_model.model.x.lora_A.weight": torch.ones(2, 3)}
    ref = write_adapter(tmp_path, "a", 3, weights, LoraConfig(r=2, target_modules=["x"]), "m", torch.bfloat16)
    with safe_open(Path(ref.path) / "adapter_model.safetensors", framework="pt") as stored:
        assert stored.metadata() == {"format": "pt"}
        assert stored.get_tensor("base_model.model.x.lora_A.weight").dtype == torch.bfloat16


def test_a_folder_with_equal_content_is_left_alone_and_another_is_replaced(tmp_path: Path) -> None:
    config = LoraConfig(r=2, target_modules=["x"])
    name, one, other = "base_model.model.x.lora_A.weight", torch.ones(2, 3), torch.zeros(2, 3)
    first = write_adapter(tmp_path, "a", 1, {name: one}, config, "m", torch.float32)
    inode = Path(first.path).stat().st_ino
    assert write_adapter(tmp_path, "a", 1, {name: one}, config, "m", torch.float32) == first
    assert Path(first.path).stat().st_ino == inode
    replaced = write_adapter(tmp_path, "a", 1, {name: other}, config, "m", torch.float32)
    assert replaced.digest != first.digest
    assert torch.equal(load_file(Path(first.path) / "adapter_model.safetensors")[name], other)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a-v1", "a-v1.sha256"]


def test_a_version_that_the_disk_refuses_leaves_nothing_that_smaller_ones_would_need(tmp_path: Path) -> None:
    """The system refuses files above 64 KiB here, as a full disk refuses every block."""
    config, name = LoraConfig(r=2, target_modules=["x"]), "base_model.model.x.lora_A.weight"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_adapter(tmp_path, "large", 1, {name: torch.ones(2, 20000)}, config, "m", torch.float32)
        assert list(tmp_path.iterdir()) == []
        small = write_adapter(tmp_path, "small", 1, {name: torch.ones(2, 3)}, config, "m", torch.float32)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert is_intact(small)


def test_a_file_that_is_torn_while_it_is_saved_is_not_recorded_as_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def torn(path: Path, content: bytes) -> int:
        return write(path, content[: len(content) // 2] if path.suffix == ".safetensors" else content)

    monkeypatch.setattr(Path, "write_bytes", torn)
    config = LoraConfig(r=2, target_modules=["x"])
    weights = {"base_model.model.x.lora_A.weight": torch.ones(2, 3)}
    assert not is_intact(write_adapter(tmp_path, "a", 1, weights, config, "m", torch.float32))
