"""One run's LoRA adapter on the shared base. The adapters of all runs live in the same layers under their own names;
switching between runs switches which name is active."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from trainer.errors import InvalidRequestError
from trainer.frozen_base import FrozenBase
from trainer.lora_linear import LoraLinear
from trainer.schemas import LoraSpec

# PEFT is surprised by a second adapter on a model and by a deleted one that was active: both are the point here.
warnings.filterwarnings("ignore", message="Already found a `peft_config` attribute", module="peft")
warnings.filterwarnings("ignore", message="Adapter run-.* was active which is now deleted", module="peft")


class Adapter:
    """Weights of a run in the base's layers, in the base's number format.

    The run's dropout is not applied (README, "Dropout"): the policy gradient needs the log-probabilities of the policy
    that sampled, and the sampler has no dropout.
    """

    def __init__(self, base: FrozenBase, run: str, spec: LoraSpec, seed: int) -> None:
        """Adds an adapter with zero effect (B = 0) whose A depends on the seed alone.

        Raises InvalidRequestError for target modules that the base lacks.
        """
        self._base = base
        self._name = f"run-{run}"
        self.config = LoraConfig(
            r=spec.rank,
            lora_alpha=spec.alpha,
            lora_dropout=0.0,
            target_modules=target_modules(base, spec),
            bias="none",
            task_type="CAUSAL_LM",
        )
        self.config._register_custom_module({nn.Linear: LoraLinear})
        devices = [base.device] if base.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            base.model.add_adapter(self.config, self._name)
        self.weights = dict(self._own_weights())

    def _own_weights(self) -> Iterator[tuple[str, nn.Parameter]]:
        for path, module in self._base.model.named_modules():
            if isinstance(module, LoraLayer) and self._name in module.lora_A:
                # PEFT's names in a file: the path in the bare model behind the prefix of a PeftModel.
                yield f"base_model.model.{path}.lora_A.weight", _weight(module.lora_A[self._name])
                yield f"base_model.model.{path}.lora_B.weight", _weight(module.lora_B[self._name])

    @contextmanager
    def active(self) -> Iterator[None]:
        """Inside, the base computes with this adapter and only its weights take gradients."""
        self._base.model.set_adapter(self._name)
        try:
            yield
        finally:
            for weight in self.weights.values():
                weight.grad = None

    @contextmanager
    def holding(self, weights: Mapping[str, Tensor]) -> Iterator[None]:
        """Inside, the adapter has these weights, one of each name; afterwards its own again, bit for bit.

        Raises KeyError for a weight that is missing.
        """
        own = {name: weight.detach().clone() for name, weight in self.weights.items()}
        try:
            self._fill(weights)
            yield
        finally:
            self._fill(own)

    @torch.no_grad()
    def _fill(self, weights: Mapping[str, Tensor]) -> None:
        for name, weight in self.weights.items():
            weight.copy_(weights[name])

    def remove(self) -> None:
        """Frees the weights; the adapter must not be used afterwards."""
        self.weights = {}
        self._base.model.delete_adapter(self._name)


def _weight(layer: nn.Module) -> nn.Parameter:
    weight = layer.weight
    assert isinstance(weight, nn.Parameter)
    return weight


def target_modules(base: FrozenBase, spec: LoraSpec) -> list[str]:
    """Names of the layers to adapt, "all-linear" spelt out: vLLM and PEFT then need no rule of their own."""
    if spec.target_modules == ["all-linear"]:
        return sorted(base.linear_widths)
    unknown = sorted(set(spec.target_modules) - set(base.linear_widths))
    if unknown:
        known = ", ".join(sorted(base.linear_widths))
        raise InvalidRequestError(
            f"lora.target_modules: the base model has no linear layer {', '.join(unknown)}; "
            f'it has {known}, or use ["all-linear"]'
        )
    return sorted(set(spec.target_modules))


def adapter_parameters(base: FrozenBase, spec: LoraSpec) -> int:
    """Trainable weights of an adapter before it is made. Raises InvalidRequestError for layers that the base lacks."""
    return spec.rank * sum(base.linear_widths[name] for name in target_modules(base, spec))
