"""The base model: loaded once, frozen, shared by every run's adapter."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as transformers_logging

from trainer.device import resolve_device, resolve_dtype
from trainer.settings import Settings


@dataclass(frozen=True)
class FrozenBase:
    """A causal language model without gradients, its head apart from its body."""

    model: PreTrainedModel
    backbone: nn.Module
    """Token ids [n, L] to hidden states [n, L, d]."""
    head: nn.Linear
    """Hidden states [m, d] to logits [m, V]."""
    device: torch.device
    dtype: torch.dtype
    vocab_size: int
    max_length: int
    linear_names: frozenset[str]
    """Last parts of the names of all linear layers but the head: what an adapter may target."""

    def hidden_states(self, input_ids: Tensor) -> Tensor:
        """[n, L] to [n, L, d]. No attention mask: padding is on the right, out of sight of a causal model."""
        return self.backbone(input_ids=input_ids, use_cache=False).last_hidden_state


def load_base(settings: Settings) -> FrozenBase:
    """Loads the model that settings name. Raises OSError if it is not there, RuntimeError if its log-probabilities
    can't be had from body and head apart."""
    device = resolve_device(settings)
    dtype = resolve_dtype(settings, device)
    transformers_logging.disable_progress_bar()  # a log file is no terminal
    model = AutoModelForCausalLM.from_pretrained(settings.model, dtype=dtype, attn_implementation="sdpa")
    return freeze(model, device, dtype, checkpointing=_checkpointing(settings, device))


def freeze(model: PreTrainedModel, device: torch.device, dtype: torch.dtype, *, checkpointing: bool) -> FrozenBase:
    """Makes a loaded model into a FrozenBase; load_base for tests that have a model in memory."""
    model.to(device)
    model.requires_grad_(False)
    _remove_dropout(model)
    # transformers checkpoints in training mode only; with the dropout gone, that mode changes no number.
    model.train()
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if not isinstance(head, nn.Linear) or not isinstance(embeddings, nn.Embedding):
        raise RuntimeError(
            f"{type(model).__name__} has no linear head over token embeddings; this trainer can't train it"
        )
    base = FrozenBase(
        model=model,
        backbone=model.base_model,
        head=head,
        device=device,
        dtype=dtype,
        vocab_size=embeddings.num_embeddings,
        max_length=int(model.config.max_position_embeddings),
        linear_names=frozenset(
            name.rsplit(".", 1)[-1]
            for name, module in model.named_modules()
            if isinstance(module, nn.Linear) and module is not head
        ),
    )
    _check_head(base)
    return base


def _checkpointing(settings: Settings, device: torch.device) -> bool:
    if settings.gradient_checkpointing == "auto":
        return device.type == "cuda"
    return settings.gradient_checkpointing == "on"


def _remove_dropout(model: nn.Module) -> None:
    """The sampler has no dropout, so the policy whose gradient we take must have none."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "attention_dropout"):
            setattr(module, "attention_dropout", 0.0)  # noqa: B010


@torch.no_grad()
def _check_head(base: FrozenBase) -> None:
    """Some models do more to their logits than head(body(x)) (caps, scales). Training them this way would be wrong
    without a sign of it, so the two ways are compared once."""
    ids = (torch.arange(8, device=base.device)[None] * 7919) % base.vocab_size  # [1, 8]
    whole = base.model(input_ids=ids, use_cache=False).logits.float().log_softmax(-1)
    apart = base.head(base.hidden_states(ids)).float().log_softmax(-1)
    worst = float((whole - apart).abs().max())
    if worst > (1e-3 if base.dtype == torch.float32 else 0.1):
        raise RuntimeError(
            f"{type(base.model).__name__} does more to its logits than its head does (log-probabilities differ by "
            f"{worst:.3g}); this trainer can't train it"
        )
