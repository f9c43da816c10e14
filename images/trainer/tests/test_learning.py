"""Learning on a bandit with a known answer: in context 1 even tokens pay, in context 2 odd ones."""

import pytest
import torch
from conftest import VOCAB, cut, make_spec

from trainer.adapter import Adapter
from trainer.batches import Item
from trainer.frozen_base import FrozenBase
from trainer.mismatch import MismatchSum
from trainer.optimizer import AdapterOptimizer
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import ScoreRequest, StepRequest
from trainer.step import OldPolicy, StepNumbers, accumulate

CONTEXTS = {1: 0, 2: 1}  # context token: parity that pays


def distribution(runs: Runs, version: int, context: int) -> torch.Tensor:
    """Probabilities [V] of the next token, as the trainer itself scores them."""
    sequences = [{"prompt_ids": [context], "completion_ids": [token]} for token in range(VOCAB)]
    scored = runs.score("bandit", ScoreRequest.model_validate({"adapter_version": version, "sequences": sequences}))
    return torch.tensor(scored)[:, 0].exp()


@pytest.mark.parametrize("kind", ["gspo", "grpo", "policy_gradient"])
def test_the_policy_finds_the_tokens_that_pay(runs: Runs, kind: str) -> None:
    runs.put("bandit", make_spec(kind, micro_batch=64))
    draw, paid = torch.Generator().manual_seed(0), []
    for step in range(1, 16):
        samples = []
        for context, parity in CONTEXTS.items():
            probabilities = distribution(runs, step - 1, context)
            tokens = torch.multinomial(probabilities, 16, replacement=True, generator=draw)
            rewards = (tokens % 2 == parity).float()
            for index, (token, reward) in enumerate(zip(tokens.tolist(), rewards.tolist(), strict=True)):
                samples.append(
                    {
                        "id": f"{context}-{index}", "group": str(context), "prompt_ids": [context],
                        "completion_ids": [token], "sampler_logprobs": [min(0.0, float(probabilities[token].log()))],
                        "advantage": reward - float(rewards.mean()),
                    }
                )  # fmt: skip
            paid.append(float(rewards.mean()))
        runs.step("bandit", StepRequest.model_validate({"step": step, "temperature": 1.0, "samples": samples}))
    for context, parity in CONTEXTS.items():
        assert float(distribution(runs, 15, context)[parity::2].sum()) > 0.9, paid


def test_a_second_pass_over_a_batch_is_clipped_against_the_first(place: Place, base: FrozenBase) -> None:
    """What several updates a step need: old log-probabilities are those from before the first update."""
    spec = make_spec(optimizer={"learning_rate": 1e-2})
    adapter = Adapter(base, "a", spec.lora, spec.seed)
    optimizer = AdapterOptimizer(adapter.weights, spec.optimizer)
    items = [Item([1, 2], [3, 4], [-3.0, -3.0], 1.0), Item([5], [6], [-3.0], -1.0)]
    batches = cut(base, items, 2)
    first, second = StepNumbers(), StepNumbers()
    with adapter.active():
        old = accumulate(base, optimizer, spec.algorithm, batches, None, 1.0, (2, 3), first, MismatchSum())
        optimizer.apply()
        again = accumulate(base, optimizer, spec.algorithm, batches, old, 1.0, (2, 3), second, None)
    assert isinstance(again[0], OldPolicy) and again[0] is old[0]
    assert first.clipped == 0 and first.ratio_sum == 2.0
    assert second.clipped == 2.0, "an update of 1e-2 leaves a clip of 3e-4 on both sequences"
