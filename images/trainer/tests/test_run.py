"""A run's steps: what they change, and what they must not."""

import copy
from typing import Any

import pytest
import torch
from conftest import make_spec, make_step, step_json
from run_files import adapter, distance, numbers, state_file
from safetensors.torch import load_file

from trainer.errors import ConflictError, InvalidRequestError, StepFailedError, UnknownRunError
from trainer.run import Place
from trainer.runs import Runs
from trainer.schemas import ScoreRequest, StepRequest


def test_a_new_run_has_an_adapter_of_zero_effect(runs: Runs, place: Place) -> None:
    state = runs.put("a", make_spec())
    assert (state.step, state.created, state.adapter.name, state.cursor) == (0, True, "a-v0", None)
    weights = adapter(place, "a-v0")
    assert all(bool((value == 0).all()) == ("lora_B" in name) for name, value in weights.items())
    again = runs.put("a", make_spec())
    assert not again.created and again.model_copy(update={"created": True}) == state


def test_the_first_adapter_depends_on_the_seed_alone(runs: Runs, place: Place) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        runs.put(name, make_spec(seed=seed))
    digests = [runs.get(name).adapter.digest for name in "abc"]
    assert digests[0] == digests[1] != digests[2]


def test_another_spec_under_the_same_name_is_refused_with_what_differs(runs: Runs) -> None:
    runs.put("a", make_spec())
    with pytest.raises(ConflictError, match=r"lora\.rank 8 -> 16"):
        runs.put("a", make_spec(lora={"rank": 16}))


def test_unknown_layers_are_refused_and_leave_no_run(runs: Runs) -> None:
    with pytest.raises(InvalidRequestError, match="no linear layer qq_proj"):
        runs.put("a", make_spec(lora={"target_modules": ["q_proj", "qq_proj"]}))
    with pytest.raises(UnknownRunError):
        runs.get("a")
    assert runs.put("a", make_spec()).created


@pytest.mark.parametrize("kind", ["gspo", "grpo", "policy_gradient"])
def test_a_step_changes_the_adapter_and_reports_what_it_did(runs: Runs, place: Place, kind: str) -> None:
    runs.put("a", make_spec(kind))
    result = runs.step("a", make_step(1))
    assert (result.step, result.adapter.name, result.samples, result.no_update) == (1, "a-v1", 7, False)
    assert result.grad_norm > 0 and result.clipped_share == 0.0
    assert result.ratio_mean == pytest.approx(1.0, abs=1e-7)
    body = step_json(1)
    assert result.tokens.completion == sum(len(s["completion_ids"]) for s in body["samples"])
    assert result.tokens.prompt == sum(len(s["prompt_ids"]) for s in body["samples"])
    assert any(bool((value != 0).any()) for name, value in adapter(place, "a-v1").items() if "lora_B" in name)
    state = runs.get("a")
    assert (state.step, state.adapter, state.cursor) == (1, result.adapter, {"iteration": 1})


def test_the_trainers_own_log_probabilities_give_no_mismatch(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    runs.step("a", make_step(1))
    body = step_json(2)
    items = [(s["prompt_ids"], s["completion_ids"]) for s in body["samples"]]
    request = {"adapter_version": 1, "sequences": [{"prompt_ids": p, "completion_ids": c} for p, c in items]}
    for sample, logprobs in zip(body["samples"], runs.score("a", ScoreRequest.model_validate(request)), strict=True):
        sample["sampler_logprobs"] = logprobs
    exact = runs.step("a", StepRequest.model_validate(body)).mismatch
    assert exact.max_abs_logprob_delta < 1e-5 and exact.kl < 1e-9 and exact.mean_ratio == pytest.approx(1.0, abs=1e-5)
    for sample in body["samples"]:
        sample["sampler_logprobs"] = [value - 0.1 for value in sample["sampler_logprobs"]]
    off = runs.step("a", StepRequest.model_validate(body)).mismatch
    assert off.mean_abs_logprob_delta == pytest.approx(0.1, abs=1e-5)
    assert off.kl == pytest.approx(torch.expm1(torch.tensor(0.1)).item() - 0.1, abs=1e-5)
    assert off.mean_ratio == pytest.approx(torch.tensor(0.1).exp().item(), abs=1e-5)


@pytest.mark.parametrize("kind", ["gspo", "grpo", "policy_gradient"])
def test_samples_of_another_policy_are_counted_and_teach_nothing(runs: Runs, place: Place, kind: str) -> None:
    """One decision of seven was decoded with other weights under the right name: as if it had earned nothing."""
    body = step_json(1)
    items = [(s["prompt_ids"], s["completion_ids"]) for s in body["samples"]]
    sequences = [{"prompt_ids": p, "completion_ids": c} for p, c in items]
    for name in ("with", "without"):
        runs.put(name, make_spec(kind))
    request = ScoreRequest.model_validate({"adapter_version": 0, "sequences": sequences})
    for sample, logprobs in zip(body["samples"], runs.score("with", request), strict=True):
        sample["sampler_logprobs"] = logprobs
    foreign = body["samples"][3]
    foreign["sampler_logprobs"] = [min(0.0, value + 0.02) for value in foreign["sampler_logprobs"]]
    assert foreign["advantage"] != 0.0
    all_taken = runs.step("with", StepRequest.model_validate({**body, "max_logprob_delta": 0.05}))
    before = adapter(place, "with-v1")
    assert all_taken.foreign_samples == 0 and all_taken.mismatch.mean_abs_logprob_delta < 0.01
    left_out = runs.step("with", StepRequest.model_validate({**body, "max_logprob_delta": 0.01}))
    assert left_out.foreign_samples == 1 and left_out.mismatch == all_taken.mismatch
    foreign["advantage"] = 0.0
    expected = runs.step("without", StepRequest.model_validate(body))
    # The same gradient up to the order of the sums: the micro-batches have other shapes.
    assert left_out.grad_norm == pytest.approx(expected.grad_norm, rel=1e-4)
    assert left_out.grad_norm != pytest.approx(all_taken.grad_norm, rel=1e-2)
    after, without = adapter(place, "with-v1"), adapter(place, "without-v1")
    assert distance(after, without) < 0.01 * distance(before, without)


def test_scores_of_older_versions_than_the_one_before_are_refused(runs: Runs) -> None:
    runs.put("a", make_spec())
    for step in (1, 2):
        runs.step("a", make_step(step))
    request = {"adapter_version": 0, "sequences": [{"prompt_ids": [1], "completion_ids": [2]}]}
    with pytest.raises(ConflictError, match="version 2, not 0"):
        runs.score("a", ScoreRequest.model_validate(request))


def test_a_batch_without_advantage_changes_no_bit(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    first = runs.step("a", make_step(1))
    result = runs.step("a", make_step(2, scale=0.0))
    assert result.no_update and result.adapter.name == "a-v2" and result.loss == 0.0 and result.grad_norm == 0.0
    assert result.zero_advantage_samples == 7 and result.mismatch.mean_abs_logprob_delta > 0
    assert result.adapter.digest == first.adapter.digest
    before, after = (load_file(place.adapters_dir / "state" / "a" / f"step-0000000{n}.safetensors") for n in (1, 2))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    for name, value in adapter(place, "a-v1").items():
        assert torch.equal(value, adapter(place, "a-v2")[name])


def test_samples_without_advantage_count_in_the_mean_and_nowhere_else(runs: Runs, place: Place) -> None:
    """Gradient of a batch = gradient of its learners, scaled by their share; AdamW's first step ignores the scale."""
    body = step_json(1)
    alone = copy.deepcopy(body)
    for extra in step_json(5)["samples"]:
        body["samples"].append({**extra, "id": "zero-" + extra["id"], "advantage": 0.0})
    for name in ("with", "alone"):
        runs.put(name, make_spec(optimizer={"max_grad_norm": 1e9}))
    norms = [runs.step(n, StepRequest.model_validate(b)).grad_norm for n, b in (("with", body), ("alone", alone))]
    assert norms[0] * 2 == pytest.approx(norms[1], rel=1e-5)


def test_two_runs_on_one_base_do_not_touch_each_other(runs: Runs, place: Place) -> None:
    runs.put("alone", make_spec())
    expected = [numbers(runs.step("alone", make_step(n))) for n in (1, 2, 3)]
    base_before = {k: v.clone() for k, v in place.base.model.state_dict().items() if "lora" not in k}
    specs = {
        "a": make_spec(),
        "b": make_spec("grpo", seed=9, lora={"rank": 4, "target_modules": ["q_proj", "up_proj"]}),
    }
    got: list[dict[str, Any]] = []
    for name, spec in specs.items():
        runs.put(name, spec)
    for step in (1, 2, 3):
        got.append(numbers(runs.step("a", make_step(step))))
        runs.step("b", make_step(step, seed=5))
    for one, other in zip(expected, got, strict=True):
        one["adapter"], other["adapter"] = one["adapter"]["digest"], other["adapter"]["digest"]
        # The base model's name is the same, so equal digests mean equal configs too.
        assert one == other
    assert {value.shape[0] for name, value in adapter(place, "b-v3").items() if "lora_A" in name} == {4}
    assert {name.split(".")[-3] for name in adapter(place, "b-v3")} == {"q_proj", "up_proj"}
    after = place.base.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in base_before.items())


@pytest.mark.parametrize("step", [1, 4, 9])
def test_a_step_out_of_order_is_refused_with_the_expected_one(runs: Runs, step: int) -> None:
    runs.put("a", make_spec())
    for done in (1, 2):
        runs.step("a", make_step(done))
    with pytest.raises(ConflictError) as caught:
        runs.step("a", make_step(step))
    assert caught.value.extra == {"expected_step": 3}


def test_tokens_the_model_can_not_read_are_refused(runs: Runs) -> None:
    runs.put("a", make_spec())
    body = step_json(1)
    body["samples"][2]["prompt_ids"][0] = 48
    with pytest.raises(InvalidRequestError, match="sample s2 has the token id 48"):
        runs.step("a", StepRequest.model_validate(body))
    body["samples"][2]["prompt_ids"] = [1] * 128
    with pytest.raises(InvalidRequestError, match="sample s2 has 131 tokens; the model reads at most 128"):
        runs.step("a", StepRequest.model_validate(body))
    assert runs.get("a").step == 0


def test_a_loss_that_is_no_number_fails_the_step_and_nothing_else(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec())
    before = state_file(place, "a", 0)
    embedding = place.base.model.get_input_embeddings().weight
    kept = embedding.detach().clone()
    with torch.no_grad():
        embedding.fill_(float("nan"))
    with pytest.raises(StepFailedError, match="loss is nan"):
        runs.step("a", make_step(1))
    with torch.no_grad():
        embedding.copy_(kept)
    assert runs.get("a").step == 0 and state_file(place, "a", 0) == before
    assert not (place.adapters_dir / "a-v1").exists()
    runs.put("b", make_spec())
    assert runs.step("a", make_step(1)).adapter.digest == runs.step("b", make_step(1)).adapter.digest


def test_a_run_that_diverged_stops_at_its_last_finite_step(runs: Runs, place: Place) -> None:
    runs.put("a", make_spec(optimizer={"learning_rate": 1e37}))
    runs.step("a", make_step(1))
    with pytest.raises(StepFailedError, match="not taken: a loss is nan"):
        runs.step("a", make_step(2))
    assert runs.get("a").step == 1
    assert all(bool(torch.isfinite(value).all()) for value in adapter(place, "a-v1").values())
    runs.put("fine", make_spec())
    assert runs.step("fine", make_step(1)).step == 1
