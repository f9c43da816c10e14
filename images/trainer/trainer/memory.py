"""How many bytes a step takes, before it is taken: pure functions of shapes, no tensor in sight.

Of a layer autograd keeps for the backward pass, a token, with widths d (hidden), q and k (all query heads, all key
heads), f (the MLP's), r (the adapter's rank), h heads, b bytes an element:

    inputs of both norms        2 d n         n = b where the norm is one operation, 4 where it is a float32 copy
    their outputs               2 d b         the inputs of the adapters on q, k, v and on gate, up
    attention                   (2 q + 2 k) b + 4 h        q, k, v, output, and the softmax's normaliser in float32
    norms of heads              (q + k) n     where the model has them (Qwen3)
    MLP                         2 f b         gated_mlp.py; 4 f b in transformers' own
    x A^T of seven adapters     7 r b         lora_linear.py

and 4 bytes for the root mean square of each norm. A checkpointed layer keeps its input alone, d b, and makes the rest
again when its turn comes, at which time the layers after it keep nothing any more. tests/test_memory.py compares this
with what autograd says it keeps (exact), with the resident memory of a step on a CPU, and with what one H100 measured.
"""

from dataclasses import dataclass
from typing import Any

import torch

GIB = 2**30
LOGITS_ELEMENTS = 2**26
"""Logits held at once, 256 MiB in float32 (logprobs.py)."""
LOGIT_COPIES = 5
"""Of a chunk of logits, in float32: logits, tempered logits, exponentials, and two gradients that meet."""
MOMENTS = 2
MARGIN = {"cuda": 1.1, "cpu": 2.0}
"""Over what the formula says. It was up to 6 % under what an H100 measured. On a CPU it is within 15 % of what is in
use, but glibc's allocator keeps blocks of other sizes that were freed: a process grew by up to twice as much without
checkpointing, and five times as much with every layer of a small model checkpointed, which this does not cover."""


@dataclass(frozen=True)
class ModelShape:
    """What of a model the formulas need. Widths are elements a token."""

    layers: int
    hidden: int
    queries: int
    keys: int
    heads: int
    mlp: int
    vocab: int
    element: int
    """Bytes of a number of the model's format."""
    base_bytes: int
    """All weights of the base."""
    head_norms: bool = False
    """Queries and keys have norms of their own."""
    norm_element: int = 4
    """Bytes of a number of what a norm keeps."""
    mlp_kept: int = 2
    """Tensors of the MLP's width that a layer keeps."""


@dataclass(frozen=True)
class Budget:
    """Where the memory of a device goes, bytes. A quarter of what the base leaves is for the runs' own state, whatever
    runs there are: a micro-batch's size, and with it the last bits of a step, must not depend on the other runs."""

    limit: int
    """All that the trainer may use."""
    base: int
    process: int
    """Libraries, allocator, a GPU's context."""

    @property
    def free(self) -> int:
        return max(0, self.limit - self.base - self.process)

    @property
    def runs(self) -> int:
        return self.free // 4

    @property
    def activations(self) -> int:
        return self.free - self.runs


def kept_by_layer(shape: ModelShape, rank: int) -> int:
    """Bytes a token."""
    norms = 2 * shape.hidden * (shape.norm_element + shape.element) + 2 * 4
    attention = 2 * (shape.queries + shape.keys) * shape.element + 4 * shape.heads
    if shape.head_norms:
        kept_heads = shape.heads + shape.heads * shape.keys // shape.queries
        norms += (shape.queries + shape.keys) * shape.norm_element + 4 * kept_heads
    return norms + attention + shape.mlp_kept * shape.mlp * shape.element + 7 * rank * shape.element


def working_set_of_layer(shape: ModelShape) -> int:
    """Bytes a token that a layer's backward pass needs beside what was kept: the MLP's product and gradients."""
    return 4 * shape.mlp * shape.element


def logits_bytes(shape: ModelShape, completion_tokens: int) -> int:
    """Of the chunk of logits that is under way, and the hidden states that the head reads."""
    chunk = min(completion_tokens * shape.vocab, max(shape.vocab, LOGITS_ELEMENTS))
    narrow = 2 * shape.element if shape.element < 4 else 0
    return chunk * (4 * LOGIT_COPIES + narrow) + 2 * completion_tokens * shape.hidden * shape.element


def activation_bytes(shape: ModelShape, rank: int, tokens: int, completion_tokens: int, checkpointed: int) -> int:
    """The peak of a micro-batch of `tokens`, padding included, with its first `checkpointed` layers checkpointed: at
    the end of the forward pass, or while the last of those layers is made again."""
    layer = kept_by_layer(shape, rank) * tokens
    inputs = checkpointed * shape.hidden * shape.element * tokens
    head = logits_bytes(shape, completion_tokens)
    working = working_set_of_layer(shape) * tokens
    at_head = inputs + (shape.layers - checkpointed) * layer + max(head, working)
    at_layer = inputs + layer + working if checkpointed else 0
    return max(at_head, at_layer)


def scoring_bytes(shape: ModelShape, tokens: int, completion_tokens: int) -> int:
    """The peak of a forward pass of which nothing is kept: one layer's tensors, or the logits."""
    layer = (6 * shape.hidden + 2 * (shape.queries + shape.keys) + 3 * shape.mlp) * max(4, shape.element)
    return layer * tokens + logits_bytes(shape, completion_tokens)


def run_bytes(parameters: int, element: int) -> int:
    """Of one run: float32 masters, gradients and AdamW's two moments; with a narrower model also the working weights
    and their gradients."""
    narrow = 2 * element if element < 4 else 0
    return parameters * (4 * (2 + MOMENTS) + narrow)


def shape_of(config: Any, dtype: torch.dtype, base_bytes: int, *, head_norms: bool, norm_element: int) -> ModelShape:
    """The shape of a transformers model. Raises RuntimeError for a config that does not say it: memory can't be
    planned then, and a step that can't be planned takes the process down in the middle."""
    try:
        head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return ModelShape(
            layers=config.num_hidden_layers,
            hidden=config.hidden_size,
            queries=config.num_attention_heads * head,
            keys=(getattr(config, "num_key_value_heads", None) or config.num_attention_heads) * head,
            heads=config.num_attention_heads,
            mlp=config.intermediate_size,
            vocab=config.vocab_size,
            element=torch.finfo(dtype).bits // 8,
            base_bytes=base_bytes,
            head_norms=head_norms,
            norm_element=norm_element,
        )
    except AttributeError as error:
        raise RuntimeError(
            f"{type(config).__name__} does not say its shape ({error}); this trainer can't plan it"
        ) from error


def gib(size: int) -> str:
    """For people."""
    return f"{size / GIB:.2f} GiB"
