"""The losses: pure functions of tensors, no model in sight.

Names: n sequences (a decision is a sequence), T completion tokens (padded). All log-probabilities are in nats at the
sampling temperature, except where a name says raw.

    r_it = exp(logp_it - old_it)                 token ratio of the policy that is updated to the one that was
    s_i  = exp(mean_t (logp_it - old_it))        sequence ratio, length-normalised
    A_i                                          advantage, given by the caller

gspo             -1/N sum_i  w_i  min(s_i A_i, clip(s_i) A_i)               Zheng et al. 2025, arXiv 2507.18071, eq. 5-7
grpo             -1/N sum_i 1/T_i sum_t  w_it min(r_it A_i, clip(r_it) A_i)  Shao et al. 2024, arXiv 2402.03300, eq. 3
                                                                           (without its KL term)
policy_gradient  -1/M sum_i sum_t  w_it A_i logp_it                         Williams 1992 (REINFORCE), M tokens in all

clip(x) = clamp(x, 1 - clip_low, 1 + clip_high). N and M count the whole batch, so micro-batches simply add up.

w is the truncated importance weight of trainer over sampler (Yao et al. 2025, "Your efficient RL framework secretly
brings you off-policy training"), min(exp(trainer - sampler), tis_clip), a constant for the gradient. GSPO takes the
same length-normalised mean over the sequence as its ratio does, the others take it a token.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Algorithm = Literal["gspo", "grpo", "policy_gradient"]


@dataclass(frozen=True)
class LossParts:
    """What a micro-batch adds to its batch."""

    loss: Tensor
    """Scalar with gradient; the batch's loss is the sum over its micro-batches."""
    clipped: float
    """Units (sequences for gspo, tokens for grpo) whose gradient the clip has cut off."""
    ratio_sum: float
    """Sum of the units' ratios, to be divided by units."""
    units: int


def policy_loss(
    kind: Algorithm,
    logprobs: Tensor,  # [n, T] with gradient
    old_logprobs: Tensor,  # [n, T]
    sampler_log_ratio: Tensor,  # [n, T] log(trainer / sampler) when the step began
    mask: Tensor,  # [n, T] 1 where the model chose the token
    advantages: Tensor,  # [n]
    *,
    clip_low: float,
    clip_high: float,
    tis_clip: float,
    batch_sequences: int,
    batch_tokens: int,
) -> LossParts:
    """The micro-batch's share of the batch's loss. Padding may hold any finite number: the mask removes it.

    batch_sequences and batch_tokens are N and M of the whole batch.
    """
    lengths = mask.sum(dim=1)  # [n], at least 1 each
    log_ratio = (logprobs - old_logprobs.detach()) * mask  # [n, T]
    sampler_log_ratio = sampler_log_ratio.detach() * mask  # [n, T]
    if kind == "gspo":
        ratio = (log_ratio.sum(dim=1) / lengths).exp()  # [n]
        weight = (sampler_log_ratio.sum(dim=1) / lengths).exp().clamp(max=tis_clip)  # [n]
        objective, cut = _clipped(ratio, advantages, clip_low, clip_high)
        loss = -(weight * objective).sum() / batch_sequences
        return LossParts(loss, float(cut.sum()), float(ratio.detach().sum()), ratio.numel())
    weight = sampler_log_ratio.exp().clamp(max=tis_clip)  # [n, T]
    tokens = int(mask.sum())
    ratio = log_ratio.exp()  # [n, T]
    ratio_sum = float((ratio.detach() * mask).sum())
    if kind == "grpo":
        objective, cut = _clipped(ratio, advantages[:, None], clip_low, clip_high)
        loss = -((weight * objective * mask).sum(dim=1) / lengths).sum() / batch_sequences
        return LossParts(loss, float((cut * mask).sum()), ratio_sum, tokens)
    # REINFORCE has no clip; after a first update on the same samples the sampler is one more ratio away.
    weight = (sampler_log_ratio + log_ratio.detach()).exp().clamp(max=tis_clip)
    loss = -(weight * advantages[:, None] * logprobs * mask).sum() / batch_tokens
    return LossParts(loss, 0.0, ratio_sum, tokens)


def _clipped(ratio: Tensor, advantages: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    """PPO's pessimistic objective (Schulman et al. 2017, eq. 7), and where the clip cuts the gradient off."""
    free = ratio * advantages
    bounded = ratio.clamp(1 - low, 1 + high) * advantages
    return torch.minimum(free, bounded), (bounded < free).to(ratio.dtype)
