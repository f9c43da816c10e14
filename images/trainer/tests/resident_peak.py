"""Resident memory of two steps, every layer checkpointed and none: measured and computed. In a process of its own."""

import ctypes
import gc
from pathlib import Path

import torch
from conftest import cut, frozen, spec_json
from transformers import LlamaConfig, LlamaForCausalLM

from trainer.adapter import Adapter
from trainer.batches import Item
from trainer.frozen_base import FrozenBase
from trainer.logprobs import completion_logprobs
from trainer.memory import activation_bytes
from trainer.schemas import RunSpec

COMPLETION, SEQUENCES = 64, 4
CONFIG = LlamaConfig(
    vocab_size=4096, hidden_size=256, intermediate_size=704, num_hidden_layers=8, num_attention_heads=8
)


def status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def peak(base: FrozenBase, adapter: Adapter, tokens: int) -> tuple[int, int]:
    """Bytes measured and computed of one micro-batch."""
    prompt = [token % 4096 for token in range(tokens - COMPLETION)]
    [micro] = cut(base, [Item(prompt, [7] * COMPLETION, [-1.0] * COMPLETION, 1.0)] * SEQUENCES, SEQUENCES)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: proc(5)
    before = status("VmRSS")
    with adapter.active():
        completion_logprobs(base, micro, 1.0)[0].sum().backward()
    computed = activation_bytes(base.memory.shape, 8, SEQUENCES * tokens, SEQUENCES * COMPLETION, micro.checkpointed)
    return status("VmHWM") - before, computed


def give_back_what_is_freed() -> None:
    """At once, so that a peak is of its own step: mallopt(3), numbers of glibc's malloc.h."""
    libc, trim_threshold, mmap_threshold = ctypes.CDLL("libc.so.6"), -1, -3
    for option, value in ((mmap_threshold, 65536), (trim_threshold, 0)):
        if libc.mallopt(option, value) != 1:
            raise RuntimeError("this C library has no such option of malloc")
    libc.malloc_trim(0)


def peaks() -> list[tuple[int, int]]:
    """Bytes measured and computed: with every layer checkpointed, then with none."""
    give_back_what_is_freed()
    torch.set_num_threads(1)
    taken: list[tuple[int, int]] = []
    for checkpointing in ("on", "off"):
        base = frozen(LlamaForCausalLM._from_config(CONFIG, attn_implementation="sdpa"), checkpointing)
        adapter = Adapter(base, "a", RunSpec.model_validate(spec_json(lora={"rank": 8})).lora, seed=1)
        peak(base, adapter, 128)
        taken.append(peak(base, adapter, 512))
    return taken
