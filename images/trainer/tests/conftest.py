"""A tiny random Llama and the parts around it, made in seconds; nothing here is a mock."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from trainer.batches import Item, MicroBatch, micro_batches
from trainer.frozen_base import FrozenBase, freeze
from trainer.memory import GIB
from trainer.metrics import Metrics
from trainer.plan import Checkpointing
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import RunSpec, StepRequest

VOCAB = 48
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Bitwise equality between processes needs the same number of threads in both."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 layers x 64, 48 tokens, weights large enough for the next token to depend on the prompt."""
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, head_dim=32, max_position_embeddings=128, tie_word_embeddings=True,
        initializer_range=0.15, attention_dropout=0.1,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("model")
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def load_llama(folder: Path, dtype: torch.dtype = torch.float32) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")


def frozen(model: LlamaForCausalLM, checkpointing: Checkpointing = "auto", limit: int = 8 * GIB) -> FrozenBase:
    return freeze(model, torch.device("cpu"), model.dtype, checkpointing=checkpointing, limit=limit)


def cut(base: FrozenBase, items: Sequence[Item], size: int) -> list[MicroBatch]:
    """Micro-batches of an adapter of rank 8."""
    return micro_batches(items, base.memory.group([item.lengths for item in items], size, 8), base.device)


@pytest.fixture
def base(model_dir: Path) -> FrozenBase:
    return frozen(load_llama(model_dir))


@pytest.fixture
def place(base: FrozenBase, model_dir: Path, tmp_path: Path) -> Place:
    return Place(base, str(model_dir), tmp_path)


@pytest.fixture
def runs(place: Place) -> Runs:
    return Runs(place, Metrics(lambda: 0))


def spec_json(kind: str = "gspo", **changes: Any) -> dict[str, Any]:
    """Body of PUT /runs/{run}; changes are nested: lora={"rank": 4}."""
    body: dict[str, Any] = {
        "seed": 1,
        "lora": {"rank": 8, "alpha": 16, "dropout": 0.05, "target_modules": ["all-linear"]},
        "algorithm": {"kind": kind, "clip_low": 3e-4, "clip_high": 4e-4, "tis_clip": 2.0},
        "optimizer": {"learning_rate": 1e-2, "weight_decay": 0.01, "max_grad_norm": 1.0},
        "micro_batch": 3,
    }
    for key, value in changes.items():
        body[key] = {**body[key], **value} if isinstance(value, dict) else value
    return body


def make_spec(kind: str = "gspo", **changes: Any) -> RunSpec:
    return RunSpec.model_validate(spec_json(kind, **changes))


def step_json(step: int, *, seed: int = 0, count: int = 7, scale: float = 1.0, length: int = 12) -> dict[str, Any]:
    """Body of a step with ragged random samples; sampler log-probabilities are plausible, not the model's."""
    draw = torch.Generator().manual_seed(1000 * step + seed)
    samples = []
    for index in range(count):
        prompt = torch.randint(VOCAB, (int(torch.randint(2, length, (), generator=draw)),), generator=draw).tolist()
        completion = torch.randint(VOCAB, (1 + index % 4,), generator=draw).tolist()
        logprobs = (-3 - torch.rand(len(completion), generator=draw)).tolist()
        samples.append(
            {
                "id": f"s{index}", "group": f"g{index // 4}", "prompt_ids": prompt, "completion_ids": completion,
                "sampler_logprobs": logprobs, "advantage": scale * (1.0 if index % 2 else -1.0),
            }
        )  # fmt: skip
    return {"step": step, "cursor": {"iteration": step}, "temperature": 1.0, "samples": samples}


def make_step(step: int, **options: Any) -> StepRequest:
    return StepRequest.model_validate(step_json(step, **options))
