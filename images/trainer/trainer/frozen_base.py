"""The base model: loaded once, frozen, shared by every run's adapter."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.utils import logging as transformers_logging

from trainer.device import PROCESS_BYTES, memory_limit, resolve_device, resolve_dtype
from trainer.fused_norm import fuse_norm
from trainer.gated_mlp import keep_less
from trainer.memory import GIB, MARGIN, Budget, ModelShape, gib, shape_of
from trainer.plan import Checkpointing, Memory
from trainer.read_positions import ReadPositions
from trainer.settings import Settings

WORTHWHILE_TOKENS = {"cpu": 256, "cuda": 4096}
"""Of a micro-batch. On an H100 4 sequences of 1,024 tokens without checkpointing took 4.8 s, 8 with it 6.2 s; 2 without
it were no better than 8 with it."""


@dataclass(frozen=True)
class FrozenBase:
    """A causal language model without gradients, its head apart from its body."""

    model: PreTrainedModel
    backbone: nn.Module
    """Token ids [n, L] to hidden states [n, L, d]."""
    layers: tuple[GradientCheckpointingLayer, ...]
    """In the order of the forward pass."""
    last: ReadPositions | None
    """The last layer's MLP, where the model has one by that name."""
    head: nn.Linear
    """Hidden states [m, d] to logits [m, V]."""
    device: torch.device
    dtype: torch.dtype
    vocab_size: int
    max_length: int
    memory: Memory
    linear_widths: Mapping[str, int]
    """Of the linear layers but the head, what an adapter may target: by the last part of their names, the inputs and
    outputs of all of that name together. An adapter has its rank times as many weights."""

    def hidden_states(self, input_ids: Tensor, rows: Tensor, positions: Tensor, checkpointed: int = 0) -> Tensor:
        """Of tokens [n, L] the hidden states [m, d] at `rows` [m] and `positions` [m], each pair once; the backward
        pass makes what is inside the first `checkpointed` layers again. No attention mask: padding is on the right, out
        of sight of a causal model."""
        for index, layer in enumerate(self.layers):
            layer.gradient_checkpointing = index < checkpointed
        if self.last is not None:
            self.last.read = (rows, positions)
        return self.backbone(input_ids=input_ids, use_cache=False).last_hidden_state[rows, positions]


def load_base(settings: Settings) -> FrozenBase:
    """Loads the model that settings name. Raises OSError if it is not there, RuntimeError if its log-probabilities
    can't be had from body and head apart, or if the memory does not hold it."""
    device = resolve_device(settings)
    dtype = resolve_dtype(settings, device)
    limit = memory_limit(device) if settings.memory_gib is None else int(settings.memory_gib * GIB)
    transformers_logging.disable_progress_bar()  # a log file is no terminal
    model = AutoModelForCausalLM.from_pretrained(settings.model, dtype=dtype, attn_implementation="sdpa")
    return freeze(model, device, dtype, checkpointing=settings.gradient_checkpointing, limit=limit)


def freeze(
    model: PreTrainedModel,
    device: torch.device,
    dtype: torch.dtype,
    *,
    limit: int,
    checkpointing: Checkpointing = "auto",
) -> FrozenBase:
    """Makes a loaded model into a FrozenBase; load_base for tests that have a model in memory. limit: bytes that the
    process may use, of the device's memory."""
    model.to(device)
    model.requires_grad_(False)
    _remove_dropout(model)
    for module in model.modules():
        keep_less(module)
    norms = [module for module in model.modules() if type(module).__name__.endswith("RMSNorm")]
    fused = [device.type == "cuda" and fuse_norm(norm) for norm in norms]
    memory = _memory(model_shape(model, dtype, fused_norms=all(fused)), device, limit, checkpointing)
    # transformers checkpoints in training mode only; with the dropout gone, that mode changes no number. Nothing random
    # is left that a layer made again would have to repeat.
    model.train()
    model.gradient_checkpointing_enable(
        gradient_checkpointing_kwargs={"use_reentrant": False, "preserve_rng_state": False}
    )
    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if not isinstance(head, nn.Linear) or not isinstance(embeddings, nn.Embedding):
        raise RuntimeError(
            f"{type(model).__name__} has no linear head over token embeddings; this trainer can't train it"
        )
    layers = tuple(module for module in model.modules() if isinstance(module, GradientCheckpointingLayer))
    mlp = getattr(layers[-1], "mlp", None) if layers else None
    base = FrozenBase(
        model=model,
        backbone=model.base_model,
        layers=layers,
        last=None if mlp is None else ReadPositions(mlp),
        head=head,
        device=device,
        dtype=dtype,
        vocab_size=embeddings.num_embeddings,
        max_length=int(model.config.max_position_embeddings),
        memory=memory,
        linear_widths=_linear_widths(model, head),
    )
    _check_head(base)
    return base


def model_shape(model: PreTrainedModel, dtype: torch.dtype, *, fused_norms: bool) -> ModelShape:
    """Raises RuntimeError if the model's config does not say it."""
    return shape_of(
        model.config.get_text_config(),
        dtype,
        sum(weight.numel() * weight.element_size() for weight in model.parameters()),
        head_norms=any(name.endswith(".q_norm") for name, _ in model.named_modules()),
        norm_element=torch.finfo(dtype).bits // 8 if fused_norms else 4,
    )


def _linear_widths(model: nn.Module, head: nn.Module) -> Mapping[str, int]:
    widths: Counter[str] = Counter()
    for path, module in model.named_modules():
        if isinstance(module, nn.Linear) and module is not head:
            widths[path.rsplit(".", 1)[-1]] += module.in_features + module.out_features
    return widths


def _memory(shape: ModelShape, device: torch.device, limit: int, checkpointing: Checkpointing) -> Memory:
    budget = Budget(limit, shape.base_bytes, PROCESS_BYTES[device.type])
    if budget.free == 0:
        raise RuntimeError(
            f"the base model's weights take {gib(budget.base)} and the process itself {gib(budget.process)}, of "
            f"{gib(limit)}: nothing is left to train with; give the trainer more memory (the pod's limit, or "
            "MEMORY_GIB)"
        )
    margin, worthwhile = MARGIN[device.type], WORTHWHILE_TOKENS[device.type]
    return Memory(shape, budget.activations, budget.runs, checkpointing, margin, worthwhile)


def _remove_dropout(model: nn.Module) -> None:
    """The sampler has no dropout, so the policy whose gradient we take must have none."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "attention_dropout"):
            setattr(module, "attention_dropout", 0.0)  # noqa: B010


@torch.no_grad()
def _check_head(base: FrozenBase) -> None:
    """Some models do more to their logits than head(body(x)) (caps, scales), or read the last MLP's output elsewhere.
    Training them this way would be wrong without a sign of it, so the two ways are compared once."""
    ids = (torch.arange(16, device=base.device).view(2, 8) * 7919) % base.vocab_size  # [2, 8]
    rows, positions = torch.tensor([0, 0, 1], device=base.device), torch.tensor([2, 7, 5], device=base.device)
    whole = base.model(input_ids=ids, use_cache=False).logits[rows, positions].float().log_softmax(-1)
    apart = base.head(base.hidden_states(ids, rows, positions)).float().log_softmax(-1)
    worst = float((whole - apart).abs().max())
    if worst > (1e-3 if base.dtype == torch.float32 else 0.1):
        raise RuntimeError(
            f"{type(base.model).__name__} does more to its logits than its head does (log-probabilities differ by "
            f"{worst:.3g}); this trainer can't train it"
        )
