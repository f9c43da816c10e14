"""AdamW on masters: against torch's own in float64, in bfloat16, and with numbers that are not finite."""

import pytest
import torch
from conftest import make_spec
from torch import nn

from trainer.optimizer import AdapterOptimizer, NonFiniteError


def weights(dtype: torch.dtype = torch.float32) -> dict[str, nn.Parameter]:
    draw = torch.Generator().manual_seed(0)
    return {name: nn.Parameter(torch.randn(4, 3, generator=draw).to(dtype)) for name in ("x", "y")}


def set_gradients(parameters: dict[str, nn.Parameter], scale: float) -> None:
    for name, parameter in parameters.items():
        parameter.grad = torch.full_like(parameter, scale * (1 + (name == "y")))


def test_steps_equal_adamw_written_out() -> None:
    """Loshchilov & Hutter 2019, algorithm 2, with the clip to max_grad_norm before it."""
    spec = make_spec(optimizer={"learning_rate": 0.1, "weight_decay": 0.3, "max_grad_norm": 0.5}).optimizer
    parameters = weights()
    optimizer = AdapterOptimizer(parameters, spec)
    expected = {name: p.detach().double().clone() for name, p in parameters.items()}
    first, second = ({name: torch.zeros(4, 3, dtype=torch.float64) for name in expected} for _ in range(2))
    for step in (1, 2, 3):
        set_gradients(parameters, scale := 0.2 * step)
        optimizer.collect()
        norm = (12 * scale**2 + 12 * (2 * scale) ** 2) ** 0.5
        assert optimizer.apply() == pytest.approx(norm)
        for name, value in expected.items():
            gradient = scale * (1 + (name == "y")) * min(1.0, 0.5 / (norm + 1e-6))
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.999 * second[name] + 0.001 * gradient**2
            value *= 1 - 0.1 * 0.3
            value -= 0.1 * (first[name] / (1 - 0.9**step)) / ((second[name] / (1 - 0.999**step)) ** 0.5 + 1e-8)
    for name, value in expected.items():
        assert torch.allclose(parameters[name].detach().double(), value, atol=1e-5)


def test_bfloat16_weights_follow_float32_masters() -> None:
    """A hundred updates of 1e-5 relative each add up in the master; in bfloat16 alone every one would be lost."""
    spec = make_spec(optimizer={"learning_rate": 1e-5, "weight_decay": 0.0, "max_grad_norm": 1e9}).optimizer
    parameters = weights(torch.bfloat16)
    before = {name: p.detach().clone() for name, p in parameters.items()}
    optimizer = AdapterOptimizer(parameters, spec)
    for _ in range(1000):
        set_gradients(parameters, 1.0)
        optimizer.collect()
        optimizer.apply()
    for name, parameter in parameters.items():
        moved = optimizer.masters[name].detach() - before[name].float()
        assert torch.allclose(moved, torch.full_like(moved, -1e-2), rtol=1e-2)
        assert torch.equal(parameter.detach(), optimizer.masters[name].detach().bfloat16())


def test_gradients_of_micro_batches_add_up() -> None:
    spec = make_spec().optimizer
    once, twice = (AdapterOptimizer(weights(torch.bfloat16), spec) for _ in range(2))
    for optimizer, scales in ((once, [3.0]), (twice, [1.0, 2.0])):
        for scale in scales:
            set_gradients(optimizer._working, scale)
            optimizer.collect()
    assert once.apply() == pytest.approx(twice.apply())
    assert all(torch.equal(once.masters[name], twice.masters[name]) for name in once.masters)


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_a_gradient_that_is_not_finite_moves_nothing(bad: float) -> None:
    parameters = weights()
    before = {name: p.detach().clone() for name, p in parameters.items()}
    optimizer = AdapterOptimizer(parameters, make_spec().optimizer)
    set_gradients(parameters, 1.0)
    parameters["x"].grad[0, 0] = bad  # type: ignore[index]
    with pytest.raises(NonFiniteError, match="norm is"):
        optimizer.apply()
    assert all(torch.equal(before[name], p.detach()) for name, p in parameters.items())


def test_a_weight_that_overflows_is_named() -> None:
    parameters = weights()
    with torch.no_grad():
        parameters["y"].fill_(-3.4e38)
    optimizer = AdapterOptimizer(
        parameters, make_spec(optimizer={"learning_rate": 1e37, "weight_decay": 0.0}).optimizer
    )
    set_gradients(parameters, 1.0)
    with pytest.raises(NonFiniteError, match="made y infinite"):
        optimizer.apply()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_restored_state_continues_bit_for_bit(dtype: torch.dtype) -> None:
    spec = make_spec().optimizer
    one, other = AdapterOptimizer(weights(dtype), spec), AdapterOptimizer(weights(dtype), spec)
    for step in range(4):
        set_gradients(one._working, 1.0 + step)
        one.collect()
        one.apply()
        if step == 1:
            other.restore(one.state())
        if step > 1:
            set_gradients(other._working, 1.0 + step)
            other.collect()
            other.apply()
    assert one.state().keys() == other.state().keys()
    assert all(torch.equal(value, other.state()[name]) for name, value in one.state().items())
    assert all(torch.equal(value, other._working[name]) for name, value in one._working.items())
