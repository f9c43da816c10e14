"""The trainer's log-probabilities against transformers' own, and what must not change them."""

from pathlib import Path

import pytest
import torch
from conftest import MODULES, VOCAB, cut, frozen, load_llama, make_spec
from peft import PeftModel

from trainer import logprobs
from trainer.adapter import Adapter
from trainer.adapter_files import write_adapter
from trainer.batches import Item
from trainer.frozen_base import FrozenBase
from trainer.score import score


def ragged_items() -> list[Item]:
    draw = torch.Generator().manual_seed(3)
    lengths = [(9, 3), (2, 1), (30, 7), (1, 4), (9, 5), (17, 1), (5, 2)]
    return [
        Item(
            torch.randint(VOCAB, (p,), generator=draw).tolist(), torch.randint(VOCAB, (c,), generator=draw).tolist(),
            [-1.0] * c, float(i) - 2.5,
        )
        for i, (p, c) in enumerate(lengths)
    ]  # fmt: skip


def reference(model: torch.nn.Module, item: Item, temperature: float = 1.0) -> torch.Tensor:
    """One sequence at a time through transformers' whole forward pass, full logits, eval mode."""
    ids = torch.tensor([[*item.prompt_ids, *item.completion_ids]])
    with torch.no_grad():
        logits = model.eval()(input_ids=ids).logits[0, len(item.prompt_ids) - 1 : -1].double() / temperature
    return logits.log_softmax(-1).gather(1, torch.tensor(item.completion_ids)[:, None])[:, 0]


def trained_adapter(base: FrozenBase, rank: int = 8) -> Adapter:
    """An adapter with an effect: B is zero at birth."""
    adapter = Adapter(base, "a", make_spec(lora={"rank": rank}).lora, seed=3)
    with torch.no_grad():
        for index, weight in enumerate(adapter.weights.values()):
            weight.copy_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(index)) * 0.1)
    return adapter


@pytest.mark.parametrize("size", [1, 3, 7])
def test_scores_equal_transformers_and_peft(base: FrozenBase, model_dir: Path, tmp_path: Path, size: int) -> None:
    adapter = trained_adapter(base)
    ref = write_adapter(tmp_path, "a", 1, adapter.weights, adapter.config, str(model_dir), torch.float32)
    other = PeftModel.from_pretrained(load_llama(model_dir), ref.path)
    items = ragged_items()
    for item, scored in zip(items, score(base, adapter, items, size), strict=True):
        assert scored == pytest.approx(reference(other, item).tolist(), abs=1e-5)


def test_tempered_log_probabilities_are_of_the_tempered_distribution(base: FrozenBase, model_dir: Path) -> None:
    items, model = ragged_items(), load_llama(model_dir)
    for micro in cut(base, items, 3):
        tempered, raw = logprobs.completion_logprobs(base, micro, 0.6)
        for row, index in enumerate(micro.indices):
            tokens = len(items[index].completion_ids)
            assert tempered[row, :tokens].tolist() == pytest.approx(
                reference(model, items[index], 0.6).tolist(), abs=1e-5
            )
            assert raw[row, :tokens].tolist() == pytest.approx(reference(model, items[index]).tolist(), abs=1e-5)


def test_a_head_in_chunks_gives_the_same_values_and_gradients(
    base: FrozenBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = trained_adapter(base)
    [micro] = cut(base, ragged_items(), 7)
    results = []
    for elements in (2**26, 5 * VOCAB):
        monkeypatch.setattr(logprobs, "CHUNK_ELEMENTS", elements)
        with adapter.active():
            values, _ = logprobs.completion_logprobs(base, micro, 1.0)
            values.sum().backward()
            results.append((values.detach(), [weight.grad.clone() for weight in adapter.weights.values()]))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-5)
    for one, other in zip(results[0][1], results[1][1], strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_gradient_checkpointing_changes_no_bit(model_dir: Path) -> None:
    """It also shows that the training mode, which checkpointing needs, brings no dropout: the model's config asks for
    an attention dropout of 0.1, the run's LoRA spec for 0.05."""
    results = []
    for checkpointing in ("off", "on"):
        base = frozen(load_llama(model_dir), checkpointing)
        adapter = trained_adapter(base)
        [micro] = cut(base, ragged_items(), 7)
        with adapter.active():
            values, _ = logprobs.completion_logprobs(base, micro, 1.0)
            values.sum().backward()
            results.append([values.detach()] + [weight.grad.clone() for weight in adapter.weights.values()])
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))
    again = trained_adapter(frozen(load_llama(model_dir)))
    assert again.config.lora_dropout == 0.0


def test_the_forward_pass_with_gradients_equals_the_one_without(base: FrozenBase) -> None:
    """So "old" may be taken from either, at the same micro-batch shape."""
    adapter = trained_adapter(base)
    [micro] = cut(base, ragged_items(), 7)
    with adapter.active():
        with_gradient, _ = logprobs.completion_logprobs(base, micro, 1.0)
        with torch.no_grad():
            without, _ = logprobs.completion_logprobs(base, micro, 1.0)
    assert torch.equal(with_gradient.detach(), without)


def test_micro_batches_hold_similar_lengths_in_a_fixed_order(base: FrozenBase) -> None:
    items = ragged_items()
    batches = cut(base, items, 3)
    order = [index for micro in batches for index in micro.indices]
    assert sorted(order) == list(range(len(items)))
    lengths = [items[index].length for index in order]
    assert lengths == sorted(lengths)
    assert order == [index for micro in cut(base, items, 3) for index in micro.indices]
    assert all(len(micro.indices) <= 3 for micro in batches)


def test_all_linear_means_every_linear_layer_but_the_head(base: FrozenBase) -> None:
    adapter = Adapter(base, "all", make_spec().lora, seed=1)
    assert sorted(adapter.config.target_modules) == sorted(MODULES)
    assert len(adapter.weights) == 2 * 2 * len(MODULES)


def test_a_head_that_does_more_than_its_logits_show_is_refused(model_dir: Path) -> None:
    class Scaled(type(load_llama(model_dir))):  # type: ignore[misc]
        def forward(self, *args: object, **kwargs: object) -> object:
            output = super().forward(*args, **kwargs)
            output.logits = output.logits / 8.0
            return output

    model = Scaled.from_pretrained(model_dir)
    with pytest.raises(RuntimeError, match="more to its logits"):
        frozen(model)
