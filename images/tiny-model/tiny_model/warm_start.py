"""The model, and its supervised steps on random valid calls."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .play import Player
from .vocabulary import END_OF_TEXT, answer_ids

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
class Batch:
    """Several prompts, each with several answers that don't see each other: a prompt is worked through once for all."""

    ids: Tensor
    """(rows, width): a prompt, its answers, padding."""
    positions: Tensor
    """(rows, width): every answer begins where its prompt ends."""
    mask: Tensor
    """(rows, 1, width, width), bool: which token (row) may look at which (column)."""
    labels: Tensor
    """(rows, width): the answers; nothing of prompts and padding."""


def make_batch(prompts: list[list[int]], answers: list[list[list[int]]], padding: int) -> Batch:
    """`answers[i]` belong to `prompts[i]`.

    All answers start with the same token. It is learned from a prompt's first answer alone: only that one stands right
    after the prompt.
    """
    rows = len(prompts)
    width = max(len(prompt) + sum(map(len, own)) for prompt, own in zip(prompts, answers, strict=True))
    ids = torch.full((rows, width), padding)
    labels = torch.full((rows, width), IGNORED)
    positions = torch.zeros((rows, width), dtype=torch.long)
    segment = torch.full((rows, width), -1)  # 0: prompt, 1 and up: answers, -1: padding
    for row, (prompt, own) in enumerate(zip(prompts, answers, strict=True)):
        end = len(prompt)
        ids[row, :end] = torch.tensor(prompt)
        positions[row, :end] = torch.arange(end)
        segment[row, :end] = 0
        for number, answer in enumerate(own, start=1):
            start, end = end, end + len(answer)
            ids[row, start:end] = torch.tensor(answer)
            positions[row, start:end] = len(prompt) + torch.arange(len(answer))
            segment[row, start:end] = number
            learned = start if number == 1 else start + 1
            labels[row, learned:end] = ids[row, learned:end]
    causal = torch.ones((width, width), dtype=torch.bool).tril()
    looks, seen = segment[:, :, None], segment[:, None, :]
    mask = causal & ((seen == looks) | (seen == 0))
    return Batch(ids, positions, mask[:, None], labels)


def warm_start(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    prompts: list[tuple[list[int], Player | None]],
    rng: random.Random,
    *,
    steps: int,
    batch_size: int,
    answers: int,
    learning_rate: float,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> float:
    """AdamW with a short warm-up and a linear decay, on calls that the prompt's player draws.

    Where it is None, any player could be playing: a new one is drawn for each answer.

    Returns the mean loss of the last ten steps, in nats a token.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    padding: int = tokenizer.get_vocab()[END_OF_TEXT]
    model.train()
    last: list[float] = []
    for step in range(steps):
        chosen = rng.sample(prompts, batch_size)
        calls = [
            [answer_ids(tokenizer, (player or Player.draw(rng)).actions(rng)) for _ in range(answers)]
            for _, player in chosen
        ]
        batch = make_batch([prompt for prompt, _ in chosen], calls, padding)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1.0, (step + 1) / 20) * (1 - step / steps)
        loss = model(
            input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask, labels=batch.labels
        ).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        last = [*last, loss.item()][-10:]
        report(step, loss.item())
    model.eval()
    return sum(last) / len(last)
