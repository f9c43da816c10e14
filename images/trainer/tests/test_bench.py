"""The bench's arithmetic, and its whole path on a CPU with a model of a second."""

import json
import sys

import pytest
import torch
from conftest import cut, frozen
from test_memory import ADAPTER, QWEN3_4B, llama
from torch.utils.flop_counter import FlopCounterMode

from bench import ours, stepper
from bench.__main__ import EXIT_CONFIG, Stepper, disagreement, main, summary
from bench.cases import CASES, RANK, rows
from bench.device_rate import matmul_rate
from bench.flops import adapter_weights, layer_weights, step_flops
from trainer.adapter import Adapter
from trainer.batches import Item
from trainer.logprobs import completion_logprobs
from trainer.schemas import LoraSpec


def test_a_4b_model_has_as_many_weights_as_it_is_called_by() -> None:
    embeddings = QWEN3_4B.vocab * QWEN3_4B.hidden
    norms = QWEN3_4B.hidden + QWEN3_4B.layers * (2 * QWEN3_4B.hidden + 2 * 128)
    total = QWEN3_4B.layers * layer_weights(QWEN3_4B) + embeddings + norms
    assert 2 * total == QWEN3_4B.base_bytes
    assert adapter_weights(QWEN3_4B, 16) == ADAPTER


def test_a_step_of_the_4b_model_is_about_a_petaflop() -> None:
    """Worked by hand: 65,536 tokens x 4 x 3.633e9, x 6 x 33e6; attention 64 x 7 x 36 x 1024^2 x 4096; head 20,480 x 4 x
    389e6."""
    expected = 65536 * (4 * 3.633e9 + 6 * 33.03e6) + 64 * 7 * 36 * 1024**2 * 4096 + 20480 * 4 * 388.96e6
    assert expected == pytest.approx(1.066e15, rel=2e-3)
    assert step_flops(QWEN3_4B, 16, [(704, 320)] * 64) == pytest.approx(expected, rel=1e-3)


def test_the_count_is_what_torch_counts() -> None:
    """Of products: torch's counter knows no addmm_, and takes the whole square of an attention."""
    base = frozen(llama(4))
    lora = LoraSpec(rank=RANK, alpha=32, dropout=0.0, target_modules=["all-linear"])
    adapter, items = Adapter(base, "a", lora, 1), [Item([1] * 8, [2] * 24, [-1.0] * 24, 1.0)]
    [micro] = cut(base, items, 1)
    with adapter.active(), FlopCounterMode(display=False) as counter:
        completion_logprobs(base, micro, 1.0)[0].sum().backward()
    shape = base.memory.shape
    products = sum(count for name, count in counter.get_flop_counts()["Global"].items() if "attention" not in str(name))
    attention = 7 * shape.layers * 32 * 32 * shape.queries
    # Spared, though counted: the last MLP at positions that nobody reads, the first layer's gradient of its input.
    spared = 4 * 3 * shape.hidden * shape.mlp * (32 - 24) + 2 * shape.hidden * (shape.queries + 2 * shape.keys) * 32
    added_in_place = 2 * 32 * adapter_weights(shape, RANK)
    expected = step_flops(shape, RANK, [(8, 24)]) - attention - spared - added_in_place
    assert products == pytest.approx(expected, rel=0.01)


def test_a_device_s_rate_is_a_rate() -> None:
    assert 1e8 < matmul_rate(torch.device("cpu"), torch.float32) < 1e13


def test_ragged_batches_have_shorter_sequences_and_both_are_the_same_every_time() -> None:
    case = CASES["llama-27m"]
    equal, ragged = rows(case, ragged=False), rows(case, ragged=True)
    assert {(len(row.prompt), len(row.completion)) for row in equal} == {(case.prompt, case.completion)}
    lengths = [len(row.prompt) for row in ragged]
    assert max(lengths) <= case.prompt and min(lengths) < max(lengths) and ragged == rows(case, ragged=True)


def test_times_are_medians_without_the_warm_up_and_memory_is_the_worst() -> None:
    steps = [{"seconds": s, "cpu_seconds": s, "peak_bytes": 10 - s} for s in (9.0, 9.0, 1.0, 3.0, 2.0)]
    assert summary(steps) == {"seconds": 2.0, "cpu_seconds": 2.0, "peak_bytes": 9.0, "steps": 3}


def test_trainers_that_took_different_steps_are_told_apart() -> None:
    step = {"loss": 0.0, "grad_norm": 2.0}
    assert disagreement([step], [step]) == 0
    assert disagreement([step], [step | {"grad_norm": 2.2}]) == pytest.approx(0.1)
    assert disagreement([step], [step | {"loss": -0.5}]) == pytest.approx(0.25)


class NoMoreTurnsError(Exception):
    """The other side has closed."""


def test_a_case_s_steps_run_and_say_what_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_for_turn() -> None:
        if len(said) == 3:
            raise NoMoreTurnsError

    said: list[dict[str, float]] = []
    monkeypatch.setattr(stepper, "say", said.append)
    monkeypatch.setattr(stepper, "wait_for_turn", wait_for_turn)
    with pytest.raises(NoMoreTurnsError):
        ours.main("qwen3-tiny", "cpu", "auto", "ragged")
    facts, first, second = said
    assert facts["flops"] > 1e6 and facts["micro_batches"] == 2
    assert first["seconds"] > 0 and first["grad_norm"] != second["grad_norm"]


def test_a_trainer_that_ends_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"bench.none ended: .*No module named"):
        Stepper("bench.none", [], None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_is_refused_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--device", "cuda"])
    assert main() == EXIT_CONFIG
    said = capsys.readouterr()
    assert "torch sees no GPU" in said.err and "--python" in said.err and not said.out


def test_what_is_printed_is_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TRL: what could not be compared is told, and the rest is there."""
    from bench import __main__ as program

    monkeypatch.setattr(sys, "argv", ["bench", "--case", "qwen3-tiny", "--repeats", "1"])
    monkeypatch.setattr(program, "compare", lambda *_: (_ for _ in ()).throw(RuntimeError("bench.trls ended: no trl")))
    assert program.main() == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["comparisons"] == [] and len(printed["not_measured"]) == 3
    assert printed["alone"]["steps"] == 1 and printed["alone"]["peak_bytes"] > 0
    assert printed["conditions"]["case"] == "qwen3-tiny"
