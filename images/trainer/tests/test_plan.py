"""Cutting a batch into micro-batches: never over the memory, never over the run's limit, checkpointed only by need."""

import random
from pathlib import Path

import pytest
from conftest import frozen, load_llama, make_spec, make_step
from run_files import numbers
from test_memory import QWEN3_4B

from trainer.device import PROCESS_BYTES
from trainer.errors import InvalidRequestError, MemoryFullError
from trainer.memory import GIB, MARGIN, Budget, activation_bytes
from trainer.metrics import Metrics
from trainer.plan import Lengths, Memory
from trainer.run import Place
from trainer.runs import Runs

RANK = 16


def memory(gib: float, checkpointing: str = "auto", worthwhile: int = 4096) -> Memory:
    return Memory(QWEN3_4B, int(gib * GIB), 0, checkpointing, MARGIN["cuda"], worthwhile)  # type: ignore[arg-type]


def ragged(count: int, seed: int) -> list[Lengths]:
    draw = random.Random(seed)
    return [Lengths(draw.randint(1, 2000), draw.randint(1, 500)) for _ in range(count)]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("gib", [12.0, 20.0, 50.0])
def test_every_sequence_is_in_one_micro_batch_that_fits_and_keeps_to_the_run_s_limit(gib: float, seed: int) -> None:
    lengths, plan = ragged(1 + 7 * seed, seed), memory(gib)
    groups = plan.group(lengths, 8, RANK)
    order = [index for group in groups for index in group.indices]
    assert sorted(order) == list(range(len(lengths)))
    totals = [lengths[index].total for index in order]
    assert totals == sorted(totals)
    for group in groups:
        rows = [lengths[index] for index in group.indices]
        tokens, completion = len(rows) * max(row.total for row in rows), sum(row.completion for row in rows)
        needs = MARGIN["cuda"] * activation_bytes(QWEN3_4B, RANK, tokens, completion, group.checkpointed)
        assert len(rows) <= 8 and needs < gib * GIB + 1
        assert group.checkpointed < QWEN3_4B.layers
        if group.checkpointed:
            # No more layers than needed, and only where a smaller micro-batch would leave the device idle.
            less = MARGIN["cuda"] * activation_bytes(QWEN3_4B, RANK, tokens, completion, group.checkpointed - 1)
            assert less > gib * GIB - 1
    assert groups == plan.group(lengths, 8, RANK)


def test_an_h100_that_has_the_4b_model_alone_needs_no_checkpointing_and_a_small_rest_of_it_does() -> None:
    """80 GB: 79.2 GiB free before the model."""
    budget = Budget(limit=int(79.2 * GIB), base=QWEN3_4B.base_bytes, process=int(1.5 * GIB))
    batch = [Lengths(704, 320)] * 64
    plan = Memory(QWEN3_4B, budget.activations, budget.runs, "auto", MARGIN["cuda"], 4096)
    assert [(len(group.indices), group.checkpointed) for group in plan.group(batch, 8, RANK)] == [(8, 0)] * 8
    tight = memory(11.0).group(batch, 8, RANK)
    assert {len(group.indices) for group in tight} == {4} and 0 < tight[0].checkpointed < 35


def test_the_setting_overrules_the_need() -> None:
    batch = [Lengths(704, 320)] * 16
    assert {group.checkpointed for group in memory(60, "on").group(batch, 8, RANK)} == {35}
    never = memory(11, "off").group(batch, 8, RANK)
    assert {group.checkpointed for group in never} == {0} and len(never) > 2


def test_a_pass_without_gradients_is_cut_by_its_own_need() -> None:
    batch = [Lengths(704, 320)] * 64
    assert [len(group.indices) for group in memory(20).group_for_scoring(batch, 64)] == [64]
    small = memory(3).group_for_scoring(batch, 64)
    assert 1 < len(small) < 64 and sum(len(group.indices) for group in small) == 64


@pytest.fixture
def tight(model_dir: Path, tmp_path: Path) -> Runs:
    """300 kB for the runs, 900 kB for a micro-batch."""
    model = load_llama(model_dir)
    weights = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    base = frozen(model, limit=PROCESS_BYTES["cpu"] + weights + 1_200_000)
    return Runs(Place(base, str(model_dir), tmp_path), Metrics(lambda: 0))


def test_an_impossible_batch_is_refused_with_the_numbers_and_the_run_goes_on(tight: Runs) -> None:
    tight.put("a", make_spec(lora={"rank": 2}))
    before = numbers(tight.step("a", make_step(1)))
    impossible = make_step(1, count=1, length=4)
    sample = impossible.samples[0].model_copy(update={"prompt_ids": [1] * 120})
    impossible = impossible.model_copy(update={"samples": [*make_step(1).samples[1:], sample]})
    with pytest.raises(
        InvalidRequestError, match=r"sample s0 has 121 tokens, 1 of them .* needs .* GiB, and .* GiB"
    ) as error:
        tight.step("a", impossible)
    assert error.value.extra["needed_bytes"] > error.value.extra["available_bytes"] > 0
    assert numbers(tight.step("a", make_step(1))) == before
    assert tight.step("a", make_step(2)).step == 2


def test_a_run_that_does_not_fit_beside_the_others_is_refused_with_the_numbers(tight: Runs) -> None:
    tight.put("a", make_spec(lora={"rank": 8}))
    with pytest.raises(MemoryFullError, match=r"run b needs .* the runs in memory have .* DELETE a finished run"):
        tight.put("b", make_spec(lora={"rank": 16}))
    tight.delete("a")
    with pytest.raises(MemoryFullError):
        tight.put("b", make_spec(lora={"rank": 64}))
    assert tight.put("b", make_spec(lora={"rank": 8})).created


def test_a_smaller_memory_changes_no_number_beyond_float_noise(
    model_dir: Path, tmp_path: Path, runs: Runs, tight: Runs
) -> None:
    results = []
    for place in (runs, tight):
        place.put("a", make_spec("grpo", lora={"rank": 2}))
        results.append(place.step("a", make_step(1)))
    assert results[0].loss == pytest.approx(results[1].loss, abs=1e-6)
    assert results[0].grad_norm == pytest.approx(results[1].grad_norm, rel=1e-4)


def test_a_base_that_the_memory_does_not_hold_is_refused(model_dir: Path) -> None:
    with pytest.raises(RuntimeError, match="nothing is left to train with"):
        frozen(load_llama(model_dir), limit=2**30)
