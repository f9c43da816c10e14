"""Log-probabilities of the completion tokens, without ever holding the logits of a whole batch."""

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint

from trainer.batches import MicroBatch
from trainer.frozen_base import FrozenBase
from trainer.memory import LOGITS_ELEMENTS

CHUNK_ELEMENTS = LOGITS_ELEMENTS
"""Logits held at once; backward makes a chunk's logits again instead of keeping them."""


def completion_logprobs(base: FrozenBase, micro: MicroBatch, temperature: float) -> tuple[Tensor, Tensor]:
    """Log-probabilities in nats of the tokens that were sampled, [n, T] each, zero in the padding:

    at the sampling temperature (what the policy samples from, with gradient), and raw, at temperature 1 (what the
    sampler reports, without). The head sees completion positions only, never the prompt's.
    """
    hidden = base.hidden_states(micro.input_ids, micro.rows, micro.positions, micro.checkpointed)  # [m, d]
    chunk = max(1, CHUNK_ELEMENTS // base.vocab_size)
    again = hidden.requires_grad and hidden.shape[0] > chunk
    parts = []
    for start in range(0, hidden.shape[0], chunk):
        inputs = (base.head.weight, base.head.bias, hidden[start : start + chunk], micro.targets[start : start + chunk])
        if again:
            parts.append(checkpoint(_head_logprobs, *inputs, temperature, use_reentrant=False))
        else:
            parts.append(_head_logprobs(*inputs, temperature))
    shape = (len(micro.indices), micro.width)
    tempered, raw = (
        hidden.new_zeros(shape, dtype=torch.float32).index_put((micro.rows, micro.columns), torch.cat(values))
        for values in zip(*parts, strict=True)
    )
    return tempered, raw


def _head_logprobs(
    weight: Tensor, bias: Tensor | None, hidden: Tensor, targets: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Hidden states [c, d] and tokens [c] to log-probabilities at `temperature` and at 1, [c] each, in float32."""
    logits = linear(hidden, weight, bias).float()  # [c, V]
    token = logits.gather(1, targets[:, None])[:, 0]  # [c]
    raw = token - logits.logsumexp(1)
    if temperature == 1.0:
        return raw, raw.detach()
    return token / temperature - (logits / temperature).logsumexp(1), raw.detach()
