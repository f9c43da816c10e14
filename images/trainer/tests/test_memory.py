"""The memory that is computed beforehand, against what autograd says, what a CPU took, and what one H100 took."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import frozen, spec_json
from resident_peak import peaks
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from trainer.adapter import Adapter
from trainer.device import memory_limit
from trainer.memory import GIB, ModelShape, activation_bytes, kept_by_layer, run_bytes
from trainer.schemas import RunSpec

SIZES = dict(hidden_size=64, intermediate_size=176, num_attention_heads=4, num_key_value_heads=2, vocab_size=64)  # noqa: C408


def llama(layers: int) -> PreTrainedModel:
    return LlamaForCausalLM._from_config(LlamaConfig(**SIZES, num_hidden_layers=layers), attn_implementation="sdpa")


def qwen3(layers: int) -> PreTrainedModel:
    config = Qwen3Config(**SIZES, num_hidden_layers=layers, head_dim=32)
    return Qwen3ForCausalLM._from_config(config, attn_implementation="sdpa")


def kept_by_autograd(model: PreTrainedModel, tokens: int, checkpointed: int = 0) -> int:
    """Bytes of the storages that a forward pass leaves for the backward pass, the model's own weights not counted."""
    base = frozen(model)
    adapter = Adapter(base, "a", RunSpec.model_validate(spec_json(lora={"rank": 8})).lora, seed=1)
    own = {part.untyped_storage().data_ptr() for part in [*model.parameters(), *model.buffers()]}
    kept: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    ids, rows = torch.arange(tokens)[None] % 64, torch.zeros(tokens, dtype=torch.long)
    with adapter.active(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = base.hidden_states(ids, rows, torch.arange(tokens), checkpointed)
    assert output.requires_grad
    return sum(tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in own)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("make", [llama, qwen3])
def test_a_layer_keeps_what_the_formula_says(make: type, dtype: torch.dtype) -> None:
    tokens, shape = 48, frozen(make(2).to(dtype)).memory.shape
    measured = kept_by_autograd(make(3).to(dtype), tokens) - kept_by_autograd(make(2).to(dtype), tokens)
    assert measured == tokens * kept_by_layer(shape, rank=8)


QWEN3_4B = ModelShape(
    layers=36, hidden=2560, queries=4096, keys=1024, heads=32, mlp=9728, vocab=151936, element=2,
    base_bytes=8_044_936_192, head_norms=True,
)  # fmt: skip
PLAIN = replace(QWEN3_4B, mlp_kept=4)
"""With transformers' and PEFT's own layers, which is what was measured."""
ADAPTER = 33_030_144
H100_BFLOAT16 = [(8, True, 11.5), (4, False, 30.8), (8, False, 51.5)]
H100_FLOAT32 = [
    (8, True, 11.9),
    (16, True, 15.4),
    (32, True, 22.7),
    (2, False, 25.1),
    (4, False, 41.6),
    (8, False, 72.9),
]
"""Sequences of 704 + 320 tokens in a micro-batch, whether every layer was checkpointed, and GiB allocated at the worst
moment; the adapter (rank 16), its gradients and moments were in the number format of the list's name."""
TOLERANCE = 0.06


@pytest.mark.parametrize("sequences, checkpointed, measured", H100_BFLOAT16)
def test_a_4b_model_takes_what_an_h100_measured(sequences: int, checkpointed: bool, measured: float) -> None:
    layers = PLAIN.layers if checkpointed else 0
    activations = activation_bytes(PLAIN, 16, 1024 * sequences, 320 * sequences, layers)
    total = (PLAIN.base_bytes + 4 * 2 * ADAPTER + activations) / GIB
    assert total == pytest.approx(measured, rel=TOLERANCE)


@pytest.mark.parametrize("sequences, checkpointed, measured", H100_FLOAT32)
def test_float32_adapters_on_a_bfloat16_base_cost_a_copy_of_each_input(
    sequences: int, checkpointed: bool, measured: float
) -> None:
    """Which is why the trainer's are in the base's number format: the same formula, plus those copies."""
    layers, tokens, wide = PLAIN.layers if checkpointed else 0, 1024 * sequences, 5 * PLAIN.hidden + PLAIN.queries
    # Kept in float32 in place of bfloat16; attention keeps its output in bfloat16 besides.
    copies = 4 * (wide + PLAIN.mlp) - 2 * (2 * PLAIN.hidden + PLAIN.mlp)
    kept = max(1, PLAIN.layers - layers) * copies * tokens
    activations = activation_bytes(PLAIN, 16, tokens, 320 * sequences, layers) + kept
    total = (PLAIN.base_bytes + 4 * 4 * ADAPTER + activations) / GIB
    assert total == pytest.approx(measured, rel=TOLERANCE)


def test_a_checkpointed_layer_keeps_its_input_alone() -> None:
    shape = frozen(llama(4)).memory.shape
    none, two = (kept_by_autograd(llama(4), 48, checkpointed) for checkpointed in (0, 2))
    inputs = 2 * shape.hidden * shape.element
    # The first layer's input is the embedding, which the first norm keeps in any case.
    assert none - two == pytest.approx(48 * (2 * kept_by_layer(shape, 8) - inputs), rel=0.02)


def test_more_checkpointing_and_fewer_tokens_need_less() -> None:
    needs = [activation_bytes(QWEN3_4B, 16, 8192, 2560, checkpointed) for checkpointed in range(36)]
    assert needs == sorted(needs, reverse=True) and needs[-1] < needs[0] / 6
    assert activation_bytes(QWEN3_4B, 16, 4096, 1280, 0) < needs[0]
    assert needs[0] < activation_bytes(PLAIN, 16, 8192, 2560, 0)


def test_a_run_takes_masters_gradients_and_two_moments() -> None:
    assert run_bytes(100, 4) == 1600
    assert run_bytes(100, 2) == 2000


def test_the_limit_is_the_container_s_or_the_machine_s(tmp_path: Path) -> None:
    cpu, file = torch.device("cpu"), tmp_path / "memory.max"
    machine = memory_limit(cpu, file)
    file.write_text("max\n")
    assert memory_limit(cpu, file) == machine > GIB
    file.write_text(f"{2**28}\n")
    assert memory_limit(cpu, file) == 2**28


def test_a_cpu_s_resident_memory_is_what_was_computed() -> None:
    # A copy of this process: a new one would take six seconds to load the libraries.
    with multiprocessing.get_context("fork").Pool(1) as pool:
        (small, on), (large, off) = pool.apply(peaks)
    assert on == pytest.approx(small, rel=0.15) and off == pytest.approx(large, rel=0.15)
    assert large > 2 * small
