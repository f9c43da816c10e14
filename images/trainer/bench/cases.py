"""What is measured: models by their shape, and batches of tokens. All of it random, all of it made on the spot."""

from dataclasses import dataclass

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel, Qwen3Config

SEED = 7
RANK, ALPHA = 16, 32
LEARNING_RATE, MAX_GRAD_NORM = 1e-4, 1.0
CLIP_LOW, CLIP_HIGH = 3e-4, 4e-4


@dataclass(frozen=True)
class Case:
    """One model and one batch."""

    config: LlamaConfig | Qwen3Config
    sequences: int
    prompt: int
    completion: int
    micro_batch: int


CASES = {
    # Products take three quarters of a step, as they do for large models, and a step a few seconds of one core.
    "llama-27m": Case(
        LlamaConfig(
            vocab_size=8192, hidden_size=512, intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8,
            num_key_value_heads=4, max_position_embeddings=4096, tie_word_embeddings=True,
        ),
        sequences=8, prompt=160, completion=64, micro_batch=4,
    ),
    # Qwen3-4B's shape, and the batch of which the plain PEFT loop's time on an H100 is known: 4.5 s without
    # checkpointing at 8 sequences a micro-batch, 6.2 s with it.
    "qwen3-4b": Case(
        Qwen3Config(
            vocab_size=151936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32,
            num_key_value_heads=8, head_dim=128, max_position_embeddings=40960, tie_word_embeddings=True,
        ),
        sequences=64, prompt=704, completion=320, micro_batch=16,
    ),
    # The same code in a second, for tests.
    "qwen3-tiny": Case(
        Qwen3Config(
            vocab_size=256, hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=32, max_position_embeddings=256, tie_word_embeddings=True,
        ),
        sequences=4, prompt=20, completion=12, micro_batch=2,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A sequence and its advantage."""

    prompt: list[int]
    completion: list[int]
    advantage: float


def rows(case: Case, *, ragged: bool) -> list[Row]:
    """The batch: of equal lengths, or of a third of them to all of them."""
    draw = torch.Generator().manual_seed(SEED)

    def ids(most: int) -> list[int]:
        least = most // 3 if ragged else most
        length = int(torch.randint(least, most + 1, (), generator=draw))
        return torch.randint(4, case.config.vocab_size, (length,), generator=draw).tolist()

    def advantage() -> float:
        return float(torch.randn((), generator=draw))

    return [Row(ids(case.prompt), ids(case.completion), advantage()) for _ in range(case.sequences)]


def make_model(case: Case, device: torch.device, dtype: torch.dtype) -> PreTrainedModel:
    """Random weights, the same for the same case, device and format."""
    torch.manual_seed(SEED)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(case.config, dtype=dtype, attn_implementation="sdpa")
