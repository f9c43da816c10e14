"""The trainer's own operations against PEFT's and transformers': values, gradients, and what is left alone."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import cut, frozen, load_llama, make_spec
from peft.tuners import lora
from test_logprobs import ragged_items, trained_adapter
from torch import Tensor, nn
from torch.nn.functional import silu
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from trainer import adapter as adapter_module
from trainer.fused_norm import fuse_norm
from trainer.gated_mlp import GatedProduct, keep_less
from trainer.logprobs import completion_logprobs
from trainer.lora_linear import LoraLinear, LoraProduct, adapter_of


def tensors(*shapes: tuple[int, ...], frozen: int = 0) -> list[Tensor]:
    """Random, in float64; the last `frozen` take no gradient."""
    draw = torch.Generator().manual_seed(0)
    made = [torch.randn(shape, generator=draw, dtype=torch.float64) for shape in shapes]
    return [value.requires_grad_(index < len(made) - frozen) for index, value in enumerate(made)]


@pytest.mark.parametrize("biased", [False, True])
def test_the_low_rank_product_is_the_formula_in_value_and_gradient(biased: bool) -> None:
    x, a, b, weight, bias = tensors((7, 5), (2, 5), (3, 2), (3, 5), (3,), frozen=2)
    offset = bias if biased else None

    def product(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return LoraProduct.apply(x, weight, offset, a, b, 0.7)

    expected = x @ weight.T + (bias if biased else 0) + 0.7 * (x @ a.T) @ b.T
    assert torch.allclose(product(x, a, b), expected, atol=1e-12)
    assert torch.autograd.gradcheck(product, (x, a, b))


def test_the_gated_product_is_the_formula_in_value_and_gradient() -> None:
    g, u, a, b, weight = tensors((7, 5), (7, 5), (2, 5), (3, 2), (3, 5), frozen=1)

    def product(g: Tensor, u: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return GatedProduct.apply(g, u, weight, None, a, b, 0.7)

    p = silu(g) * u
    assert torch.allclose(product(g, u, a, b), p @ weight.T + 0.7 * (p @ a.T) @ b.T, atol=1e-12)
    assert torch.autograd.gradcheck(product, (g, u, a, b))


def gradients(model_dir: Path, dtype: torch.dtype) -> tuple[Tensor, list[Tensor]]:
    base = frozen(load_llama(model_dir, dtype))
    adapter = trained_adapter(base)
    [micro] = cut(base, ragged_items(), 7)
    with adapter.active():
        values, _ = completion_logprobs(base, micro, 1.0)
        values.sum().backward()
        return values.detach(), [weight.grad.clone() for weight in adapter.weights.values()]


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_a_whole_model_computes_what_plain_peft_and_transformers_do(
    model_dir: Path, dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, ours = gradients(model_dir, dtype)
    monkeypatch.setattr(adapter_module, "LoraLinear", lora.Linear)
    monkeypatch.setattr("trainer.frozen_base.keep_less", lambda mlp: False)
    monkeypatch.setattr("trainer.frozen_base.ReadPositions", lambda mlp: None)
    plain_values, plain = gradients(model_dir, dtype)
    assert torch.allclose(values, plain_values, atol=tolerance)
    for mine, theirs in zip(ours, plain, strict=True):
        assert float((mine - theirs).norm()) <= tolerance * max(1e-3, float(theirs.norm()))


def test_without_an_active_adapter_the_layers_are_the_base_s(model_dir: Path) -> None:
    plain, base = load_llama(model_dir).eval(), frozen(load_llama(model_dir))
    trained_adapter(base)
    base.model.disable_adapters()
    ids = torch.arange(20).view(2, 10)
    rows, positions = torch.tensor([0, 1, 1]), torch.tensor([3, 0, 9])
    with torch.no_grad():
        expected = plain.model(ids).last_hidden_state[rows, positions]
        assert torch.allclose(base.hidden_states(ids, rows, positions), expected, atol=1e-5)


def test_another_number_format_or_a_second_adapter_is_left_to_peft(model_dir: Path) -> None:
    base = frozen(load_llama(model_dir))
    for name in ("one", "two"):
        adapter_module.Adapter(base, name, make_spec().lora, seed=1)
    [layer, *_] = [module for module in base.model.modules() if isinstance(module, LoraLinear)]
    assert adapter_of(layer) is not None
    base.model.set_adapter(["run-one", "run-two"])
    assert adapter_of(layer) is None
    base.model.set_adapter("run-one")
    layer.lora_A["run-one"].to(torch.bfloat16)
    assert adapter_of(layer) is None and adapter_of(nn.Linear(2, 2)) is None


def test_an_mlp_of_another_form_is_left_alone() -> None:
    class Gated(nn.Module):
        def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
            super().__init__()
            self.gate_proj, self.up_proj, self.down_proj = nn.Linear(2, 3), nn.Linear(2, 3), nn.Linear(3, 2)
            self.act_fn = activation

    assert keep_less(Gated(nn.SiLU()))
    assert not keep_less(Gated(nn.GELU())) and not keep_less(nn.Linear(2, 2))


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
def test_a_fused_norm_gives_the_numbers_and_gradients_of_the_plain_one(dtype: torch.dtype, tolerance: float) -> None:
    """The tests have no GPU, where it is used; the operation is the same."""
    plain = LlamaRMSNorm(64).to(dtype).requires_grad_(False)
    plain.weight.copy_(torch.linspace(0.5, 2, 64))
    fused = copy.deepcopy(plain)
    assert fuse_norm(fused)
    x, grad = torch.randn(2, 2, 5, 64, generator=torch.Generator().manual_seed(0)).to(dtype)
    results = []
    for norm in (plain, fused):
        given = x.clone().requires_grad_()
        norm(given).backward(grad)
        results.append((norm(given).detach(), given.grad))
    for one, other in zip(*results, strict=True):
        assert one.dtype == other.dtype and torch.allclose(one, other, rtol=tolerance, atol=tolerance)


def test_a_norm_with_another_formula_is_left_alone() -> None:
    gemma = GemmaRMSNorm(8)
    gemma.variance_epsilon = gemma.eps
    nn.init.normal_(gemma.weight)
    assert not fuse_norm(gemma) and not fuse_norm(nn.LayerNorm(8))
