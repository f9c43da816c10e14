"""The losses against references written out in plain float64 Python, value and gradient, on ragged batches."""

import math
import random
from dataclasses import replace
from typing import Any

import pytest
import torch

from trainer.losses import Algorithm, LossParts, policy_loss

LOW, HIGH, TIS = 0.1, 0.2, 1.5
KINDS: list[Algorithm] = ["gspo", "grpo", "policy_gradient"]

# Four sequences: ragged, a token in the middle that the model did not choose, a completion of one token, an advantage
# of zero. Rows are (logp, old, log trainer/sampler, mask).
ROWS = [
    ([-0.4, -1.2, -2.0], [-0.5, -1.0, -2.2], [0.1, -0.3, 0.9], [1, 1, 1]),
    ([-0.9, -0.1, -1.1, -0.7], [-0.2, -0.1, -0.4, -1.9], [0.0, 5.0, -0.2, 0.3], [1, 0, 1, 1]),
    ([-1.3], [-1.9], [-0.05], [1]),
    ([-0.6, -0.8], [-0.6, -0.8], [0.2, 0.2], [1, 1]),
]
ADVANTAGES = [1.3, -0.7, 0.5, 0.0]


def tensors(rows: list[Any], dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    """Padded to the longest row, with numbers in the padding that would show if they were not masked."""
    width = max(len(row[0]) for row in rows)
    columns = []
    for part, padding in enumerate((-3.3, -1.1, 0.7, 0.0)):
        columns.append(torch.tensor([row[part] + [padding] * (width - len(row[part])) for row in rows], dtype=dtype))
    columns[0].requires_grad_(True)
    return tuple(columns)


def run_loss(kind: Algorithm, rows: list[Any] = ROWS, advantages: list[float] = ADVANTAGES) -> tuple[LossParts, Any]:
    logp, old, sampler, mask = tensors(rows)
    parts = policy_loss(
        kind, logp, old, sampler, mask, torch.tensor(advantages, dtype=torch.float64), clip_low=LOW, clip_high=HIGH,
        tis_clip=TIS, batch_sequences=len(rows), batch_tokens=int(mask.sum()),
    )  # fmt: skip
    parts.loss.backward()
    return replace(parts, loss=parts.loss.detach()), logp.grad


def clip(x: float) -> float:
    return min(max(x, 1 - LOW), 1 + HIGH)


def surrogate(ratio: float, advantage: float) -> float:
    return min(ratio * advantage, clip(ratio) * advantage)


def surrogate_slope(ratio: float, advantage: float) -> float:
    """d surrogate / d log ratio: ratio x advantage where the clip lets it through, else 0."""
    cut = (advantage > 0 and ratio > 1 + HIGH) or (advantage < 0 and ratio < 1 - LOW)
    return 0.0 if cut else ratio * advantage


def reference(kind: Algorithm, rows: list[Any], advantages: list[float]) -> tuple[float, list[list[float]]]:
    """Loss and its gradient for each token, by hand."""
    count, tokens = len(rows), sum(sum(row[3]) for row in rows)
    loss, gradients = 0.0, []
    for (logp, old, sampler, mask), advantage in zip(rows, advantages, strict=True):
        length = sum(mask)
        gradient = [0.0] * len(logp)
        if kind == "gspo":
            ratio = math.exp(sum((a - b) * m for a, b, m in zip(logp, old, mask, strict=True)) / length)
            weight = min(math.exp(sum(s * m for s, m in zip(sampler, mask, strict=True)) / length), TIS)
            loss -= weight * surrogate(ratio, advantage) / count
            for t, m in enumerate(mask):
                gradient[t] = -weight * surrogate_slope(ratio, advantage) * m / length / count
        else:
            for t, m in enumerate(mask):
                if not m:
                    continue
                ratio = math.exp(logp[t] - old[t])
                if kind == "grpo":
                    weight = min(math.exp(sampler[t]), TIS)
                    loss -= weight * surrogate(ratio, advantage) / length / count
                    gradient[t] = -weight * surrogate_slope(ratio, advantage) / length / count
                else:
                    weight = min(math.exp(sampler[t]) * ratio, TIS)
                    loss -= weight * advantage * logp[t] / tokens
                    gradient[t] = -weight * advantage / tokens
        gradients.append(gradient)
    return loss, gradients


@pytest.mark.parametrize("kind", KINDS)
def test_value_and_gradient_equal_the_float64_reference(kind: Algorithm) -> None:
    parts, gradient = run_loss(kind)
    loss, gradients = reference(kind, ROWS, ADVANTAGES)
    assert float(parts.loss) == pytest.approx(loss, abs=1e-14)
    for row, expected in enumerate(gradients):
        assert gradient[row, : len(expected)].tolist() == pytest.approx(expected, abs=1e-14)
        assert gradient[row, len(expected) :].abs().sum() == 0, "padding has a gradient"


def random_batch(seed: int) -> tuple[list[Any], list[float]]:
    """1 to 7 sequences of 1 to 9 tokens: masked tokens anywhere, groups of equal rewards, ratios near and far from 1,
    importance weights on both sides of the truncation."""
    draw = random.Random(seed)
    rows: list[Any] = []
    advantages = []
    spread = draw.choice([1e-4, 0.05, 1.0])
    for _ in range(draw.randint(1, 7)):
        length = draw.choice([1, 1, 2, 5, 9])
        old = [-draw.expovariate(1.0) for _ in range(length)]
        mask = [int(draw.random() < 0.7) for _ in range(length)]
        mask[draw.randrange(length)] = 1
        rows.append(
            ([value + draw.gauss(0, spread) for value in old], old, [draw.gauss(0, 1) for _ in range(length)], mask)
        )
        advantages.append(draw.choice([0.0, draw.gauss(0, 1), draw.gauss(0, 1)]))
    return rows, advantages


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", KINDS)
def test_random_batches_equal_the_float64_reference(kind: Algorithm, seed: int) -> None:
    rows, advantages = random_batch(seed)
    parts, gradient = run_loss(kind, rows, advantages)
    loss, gradients = reference(kind, rows, advantages)
    assert float(parts.loss) == pytest.approx(loss, rel=1e-12, abs=1e-14)
    for row, expected in enumerate(gradients):
        assert gradient[row, : len(expected)].tolist() == pytest.approx(expected, rel=1e-12, abs=1e-14)
        assert gradient[row, len(expected) :].abs().sum() == 0
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_the_slope_of_the_value(kind: Algorithm) -> None:
    """By central differences, where the clip has no edge nearby. The policy gradient's weight is a constant for the
    gradient, so it is held: with logp as the only free part its value is linear in logp."""
    step = 1e-6
    _, gradient = run_loss(kind)
    for row, (logp, old, sampler, mask) in enumerate(ROWS):
        for t in range(len(logp)):
            values = []
            for sign in (1, -1):
                moved = [list(part) for part in (logp, old, sampler)]
                moved[0][t] += sign * step
                if kind == "policy_gradient":
                    moved[1][t] += sign * step  # the ratio, and with it the weight, stays as it was
                rows = [*ROWS[:row], (*moved, mask), *ROWS[row + 1 :]]
                values.append(float(run_loss(kind, rows)[0].loss))
            assert (values[0] - values[1]) / (2 * step) == pytest.approx(float(gradient[row, t]), abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_the_model_did_not_choose_changes_nothing(kind: Algorithm) -> None:
    rows = [(list(a), list(b), list(c), d) for a, b, c, d in ROWS]
    for part, value in enumerate((-9.0, -0.01, -7.0)):
        rows[1][part][1] = value
    before, gradient_before = run_loss(kind)
    after, gradient_after = run_loss(kind, rows)
    assert float(before.loss) == float(after.loss)
    assert torch.equal(gradient_before, gradient_after)
    assert gradient_after[1, 1] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_equal_rewards_give_no_gradient_and_no_nan(kind: Algorithm) -> None:
    parts, gradient = run_loss(kind, advantages=[0.0] * 4)
    assert float(parts.loss) == 0.0
    assert torch.equal(gradient, torch.zeros_like(gradient))


@pytest.mark.parametrize("kind", KINDS)
def test_micro_batches_add_up_to_the_batch(kind: Algorithm) -> None:
    whole, _ = run_loss(kind)
    tokens, total = sum(sum(row[3]) for row in ROWS), 0.0
    for rows, advantages in ((ROWS[:1], ADVANTAGES[:1]), (ROWS[1:], ADVANTAGES[1:])):
        logp, old, sampler, mask = tensors(rows)
        total += float(
            policy_loss(
                kind, logp, old, sampler, mask, torch.tensor(advantages, dtype=torch.float64), clip_low=LOW,
                clip_high=HIGH, tis_clip=TIS, batch_sequences=len(ROWS), batch_tokens=tokens,
            ).loss.detach()
        )  # fmt: skip
    assert total == pytest.approx(float(whole.loss), abs=1e-14)


def test_gspo_counts_sequences_whose_clip_cuts_the_gradient() -> None:
    # Log-ratios of the mean token: +0.033 (A > 0, inside), -0.1 (A < 0, below 1 - LOW: cut), +0.6 (A > 0: cut), 0.
    rows = [ROWS[0], ([-0.5], [-0.3], [0.0], [1]), ROWS[2], ROWS[3]]
    parts, gradient = run_loss("gspo", rows)
    assert (parts.clipped, parts.units) == (2.0, 4)
    assert gradient[1].abs().sum() == 0 and gradient[2].abs().sum() == 0
    assert gradient[0].abs().sum() > 0


def test_grpo_counts_tokens() -> None:
    parts, _ = run_loss("grpo")
    chosen = [
        (math.exp(a - b), advantage)
        for (logp, old, _, mask), advantage in zip(ROWS, ADVANTAGES, strict=True)
        for a, b, m in zip(logp, old, mask, strict=True)
        if m
    ]
    cut = sum((r > 1 + HIGH and adv > 0) or (r < 1 - LOW and adv < 0) for r, adv in chosen)
    assert cut > 0
    assert (parts.clipped, parts.units) == (float(cut), len(chosen))
    assert parts.ratio_sum == pytest.approx(sum(ratio for ratio, _ in chosen))


def test_on_policy_gspo_is_the_policy_gradient_of_each_sequence_mean() -> None:
    """old = current and sampler = trainer: the loss is -mean(A) and its gradient -A / (N T)."""
    rows = [([-0.4, -1.2], [-0.4, -1.2], [0.0, 0.0], [1, 1]), ([-0.9], [-0.9], [0.0], [1])]
    parts, gradient = run_loss("gspo", rows, [2.0, -1.0])
    assert float(parts.loss) == pytest.approx(-0.5)
    assert gradient[0].tolist() == pytest.approx([-0.5, -0.5])
    assert gradient[1, 0] == pytest.approx(0.5)
    assert parts.clipped == 0 and parts.ratio_sum == pytest.approx(2.0)


def test_the_importance_weight_is_truncated_above_only() -> None:
    rows = [([-1.0], [-1.0], [3.0], [1]), ([-1.0], [-1.0], [-3.0], [1])]
    for kind in KINDS:
        _, gradient = run_loss(kind, rows, [1.0, 1.0])
        assert gradient[0, 0] == pytest.approx(-TIS / 2)
        assert gradient[1, 0] == pytest.approx(-math.exp(-3.0) / 2)
