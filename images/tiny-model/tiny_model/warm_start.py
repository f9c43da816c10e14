"""The model, and its supervised steps on random valid calls."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .play import Turn
from .vocabulary import answer_ids, prompt_ids

IGNORED = -100
"""Label that the loss leaves out (torch's default)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Llama's sizes: about a million parameters, every matrix a multiple of what vLLM's CPU kernels want (32)."""

    layers: int = 4
    hidden: int = 128
    head: int = 32
    positions: int = 4096


def new_model(tokenizer: PreTrainedTokenizerFast, shape: Shape) -> LlamaForCausalLM:
    """Random weights in float32; the caller seeds torch. Embeddings are tied, padded to a multiple of 64."""
    heads = shape.hidden // shape.head
    config = LlamaConfig(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=shape.hidden,
        intermediate_size=shape.hidden * 3,
        num_hidden_layers=shape.layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=shape.head,
        max_position_embeddings=shape.positions,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    return LlamaForCausalLM(config).float()


@dataclass(frozen=True, slots=True)
class Example:
    prompt: list[int]
    answer: list[int]


def examples(tokenizer: PreTrainedTokenizerFast, turns: list[Turn]) -> list[Example]:
    return [Example(prompt_ids(tokenizer, turn), answer_ids(tokenizer, turn)) for turn in turns]


def batch(chosen: list[Example], padding: int) -> tuple[Tensor, Tensor]:
    """Token ids and labels, both (batch, longest); padding on the right, which a causal model never sees."""
    width = max(len(example.prompt) + len(example.answer) for example in chosen)
    ids = torch.full((len(chosen), width), padding)
    labels = torch.full((len(chosen), width), IGNORED)
    for row, example in enumerate(chosen):
        prompt, end = len(example.prompt), len(example.prompt) + len(example.answer)
        ids[row, :end] = torch.tensor(example.prompt + example.answer)
        labels[row, prompt:end] = ids[row, prompt:end]
    return ids, labels


def warm_start(
    model: LlamaForCausalLM,
    data: list[Example],
    rng: random.Random,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> float:
    """AdamW with a short warm-up and a linear decay. Returns the mean loss of the last steps, in nats a token."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    padding = model.config.pad_token_id or 0
    model.train()
    last: list[float] = []
    for step in range(steps):
        ids, labels = batch(rng.sample(data, batch_size), padding)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1.0, (step + 1) / 20) * (1 - step / steps)
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        last = [*last, loss.item()][-10:]
        report(step, loss.item())
    model.eval()
    return sum(last) / len(last)
