"""Floating-point operations of a training step, counted from shapes; two for a multiply and add.

For a frozen base with an adapter, a token of a layer with P weights in its products needs 2 P forwards, and 2 P
backwards for the gradient of its input; the weights have no gradient. The adapter's p weights need 2 p forwards and 4 p
backwards. Causal attention over L tokens looks at L / 2 of them on average: 2 products forwards and 5 backwards (Dao
2023, arXiv 2307.08691, section 4: two and a half times as many), each of 2 L / 2 times the width of all query heads.
The head reads completion tokens only, forwards and back.

Counted is what has to be computed: padding, and what is made again by checkpointing or for the head, are not in it, so
that wasted work shows as a lower rate. The first layer's input gradient and the last layer's unread MLP are, though the
trainer spares them: under 3 % of 36 layers.
"""

from collections.abc import Sequence

from trainer.memory import ModelShape


def layer_weights(shape: ModelShape) -> int:
    """In the products of one layer: q, k, v, o and the three of the MLP."""
    attention = shape.hidden * (2 * shape.queries + 2 * shape.keys)
    return attention + 3 * shape.hidden * shape.mlp


def adapter_weights(shape: ModelShape, rank: int) -> int:
    """Of all layers, on all seven products."""
    widths = 2 * (shape.hidden + shape.queries) + 2 * (shape.hidden + shape.keys) + 3 * (shape.hidden + shape.mlp)
    return shape.layers * rank * widths


def step_flops(shape: ModelShape, rank: int, lengths: Sequence[tuple[int, int]]) -> float:
    """Of a step over sequences of (prompt, completion) tokens, forwards and backwards."""
    total = 0.0
    for prompt, completion in lengths:
        tokens = prompt + completion
        total += tokens * 4 * shape.layers * layer_weights(shape)
        total += tokens * 6 * adapter_weights(shape, rank)
        total += 7 * shape.layers * tokens * tokens * shape.queries
        total += completion * 4 * shape.hidden * shape.vocab
    return total
