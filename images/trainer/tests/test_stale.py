"""Samples of the version before: what they teach is corrected, and what is wrong with them is found all the same."""

from typing import Any

import pytest
import torch
from conftest import VOCAB, make_spec, make_step, step_json
from pydantic import ValidationError
from run_files import adapter, distance, numbers, reopened

from trainer.errors import ConflictError
from trainer.losses import Algorithm, policy_loss
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import ScoreRequest, StepRequest, StepResult

KINDS: list[Algorithm] = ["gspo", "grpo", "policy_gradient"]


def scored(runs: Runs, version: int, body: dict[str, Any], name: str = "a") -> dict[str, Any]:
    """The body as a sampler that served `version` would have filled it."""
    sequences = [{key: sample[key] for key in ("prompt_ids", "completion_ids")} for sample in body["samples"]]
    request = ScoreRequest.model_validate({"adapter_version": version, "sequences": sequences})
    for sample, logprobs in zip(body["samples"], runs.score(name, request), strict=True):
        sample["sampler_logprobs"] = [min(0.0, value) for value in logprobs]
    return body


def take(runs: Runs, body: dict[str, Any], version: int | None = None, name: str = "a") -> StepResult:
    return runs.step(name, StepRequest.model_validate({"max_logprob_delta": 1e-3, **body, "sampler_version": version}))


@pytest.mark.parametrize("kind", KINDS)
def test_the_weight_makes_the_gradient_of_an_older_samplers_draws_the_current_policys(kind: Algorithm) -> None:
    """Exact, in float64: every action of a bandit, each as often as the older policy draws it, gives the gradient of
    the current policy's own draws. One token a decision, so a sequence's ratio is its token's."""
    draw = torch.Generator().manual_seed(3)
    logits = torch.randn(9, dtype=torch.float64, generator=draw)
    older = (logits + 0.7 * torch.randn(9, dtype=torch.float64, generator=draw)).log_softmax(0)
    advantages = torch.randn(9, dtype=torch.float64, generator=draw)

    def gradient(sampler: torch.Tensor) -> torch.Tensor:
        """Of the loss over all actions, an action's advantage scaled by how often `sampler` draws it."""
        policy = logits.clone().requires_grad_(True)
        now = policy.log_softmax(0)[:, None]  # [n, 1]
        parts = policy_loss(
            kind, now, now.detach(), now.detach() - sampler[:, None], torch.ones(9, 1, dtype=torch.float64),
            advantages * sampler.exp() * 9, clip_low=3e-4, clip_high=4e-4, tis_clip=1e6, batch_sequences=9,
            batch_tokens=9,
        )  # fmt: skip
        parts.loss.backward()
        assert policy.grad is not None
        return policy.grad

    on_policy, corrected = gradient(logits.log_softmax(0)), gradient(older)
    probabilities = logits.softmax(0)
    # d/dlogits of -sum_a p(a) A(a): the policy gradient written out.
    written_out = -probabilities * (advantages - (probabilities * advantages).sum())
    assert on_policy.tolist() == pytest.approx(written_out.tolist(), abs=1e-14)
    assert corrected.tolist() == pytest.approx(written_out.tolist(), abs=1e-14)
    assert float((older.exp() - probabilities).abs().max()) > 0.05, "the policies are too alike to show anything"


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_on_the_versions_before_is_the_step_on_its_own_draws(runs: Runs, place: Place, kind: str) -> None:
    """Through the whole trainer: all tokens after one prompt, as often as version 1 draws them, learned at 2."""
    spec = make_spec(kind, algorithm={"tis_clip": 1e6}, optimizer={"max_grad_norm": 1e9, "learning_rate": 3e-2})
    norms = []
    for name, staleness in (("fresh", 0), ("stale", 1)):
        runs.put(name, spec)
        for step in (1, 2):
            runs.step(name, make_step(step))
        body = step_json(3)
        body["samples"] = [
            {"id": f"s{token}", "group": "g", "prompt_ids": [5, 6, 7], "completion_ids": [token], "advantage": 0.0}
            for token in range(VOCAB)
        ]
        scored(runs, 2 - staleness, body, name)
        for token, sample in enumerate(body["samples"]):
            drawn = torch.tensor(sample["sampler_logprobs"]).exp().item()
            sample["advantage"] = (1.0 if token % 3 else -1.5) * drawn * VOCAB
        result = take(runs, body, 2 - staleness, name)
        assert (result.staleness, result.foreign_samples) == (staleness, 0)
        assert result.mismatch.max_abs_logprob_delta < 1e-4
        assert (result.off_policy is None) is (staleness == 0)
        norms.append(result.grad_norm)
    moved = distance(adapter(place, "fresh-v3"), adapter(place, "fresh-v2"))
    assert distance(adapter(place, "fresh-v3"), adapter(place, "stale-v3")) < 1e-3 * moved
    assert norms[1] == pytest.approx(norms[0], rel=1e-3)


def test_stale_samples_pass_the_gate_of_their_own_version_and_fail_that_of_the_current_one(runs: Runs) -> None:
    runs.put("a", make_spec())
    runs.step("a", make_step(1))
    body = scored(runs, 0, step_json(2))
    as_current = take(runs, body)
    assert as_current.foreign_samples == 7, "the versions are too alike to show anything"
    as_stale = take(runs, body, 0)
    assert (as_stale.staleness, as_stale.foreign_samples) == (1, 0)
    assert as_stale.mismatch.mean_abs_logprob_delta < 1e-5
    assert as_stale.off_policy is not None
    assert as_stale.off_policy == as_current.mismatch


@pytest.mark.parametrize("kind", KINDS)
def test_a_decision_of_the_current_version_among_stale_ones_is_foreign_and_teaches_nothing(
    runs: Runs, place: Place, kind: str
) -> None:
    """It was to be played by version 0: a server that decodes it with version 1 is a server that mixes adapters."""
    for name in ("with", "without"):
        runs.put(name, make_spec(kind))
        runs.step(name, make_step(1))
    body = scored(runs, 0, step_json(2), "with")
    current = scored(runs, 1, step_json(2), "with")
    body["samples"][3] = current["samples"][3]
    mixed = take(runs, body, 0, "with")
    assert (mixed.foreign_samples, mixed.zero_advantage_samples) == (1, 0)
    body["samples"][3] = {**body["samples"][3], "advantage": 0.0}
    take(runs, {**body, "max_logprob_delta": 1e9}, 0, "without")
    moved = distance(adapter(place, "with-v2"), adapter(place, "with-v1"))
    assert distance(adapter(place, "with-v2"), adapter(place, "without-v2")) < 1e-6 * moved


def test_looking_back_changes_nothing_of_the_run(runs: Runs, place: Place) -> None:
    """Whether the older version is asked or not, on a repeat after a crash too, the step gives the same bits."""
    for name in ("a", "b"):
        runs.put(name, make_spec())
        runs.step(name, make_step(1))
    body = scored(runs, 0, step_json(2))
    before = numbers(take(runs, body, 0))
    sequences = [{"prompt_ids": [1, 2], "completion_ids": [3, 4]}]
    score = ScoreRequest.model_validate({"adapter_version": 0, "sequences": sequences})
    expected = runs.score("b", score)
    runs.delete("b")
    others = reopened(place)
    assert others.score("b", score) == expected
    again = numbers(take(others, body, 0, "b"))
    assert again["adapter"].pop("digest") == before["adapter"].pop("digest")
    del before["adapter"], again["adapter"]
    assert again == before


def test_a_step_taken_again_from_the_checkpoint_before_it_looks_back_as_far(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    for step in (1, 2):
        runs.step("a", make_step(step))
    body = scored(runs, 1, step_json(3))
    first = take(runs, body, 1)
    take(runs, scored(runs, 2, step_json(3, seed=8)), 1)
    assert take(runs, body, 1).adapter == first.adapter


def test_a_version_whose_files_are_gone_or_changed_refuses_the_step(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    runs.step("a", make_step(1))
    body = scored(runs, 0, step_json(2))
    file = place.adapters_dir / "a-v0" / "adapter_model.safetensors"
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(ConflictError, match="a-v0 are gone or not the ones"):
        take(runs, body, 0)
    assert runs.get("a").step == 1
    file.write_bytes(kept)
    assert take(runs, body, 0).step == 2


@pytest.mark.parametrize(("step", "version"), [(3, 0), (3, 3), (1, 1)])
def test_only_the_current_version_and_the_one_before_may_have_sampled(step: int, version: int) -> None:
    with pytest.raises(ValidationError, match="neither the version that step"):
        StepRequest.model_validate({**step_json(step), "sampler_version": version})
