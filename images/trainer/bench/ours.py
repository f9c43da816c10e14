"""The trainer's own step, without HTTP and files: python -m bench.ours CASE DEVICE CHECKPOINTING equal|ragged."""

import sys
from collections.abc import Sequence

import torch

from bench.cases import ALPHA, CASES, CLIP_HIGH, CLIP_LOW, LEARNING_RATE, MAX_GRAD_NORM, RANK, SEED, make_model, rows
from bench.flops import step_flops
from bench.stepper import Meter, serve
from trainer.adapter import Adapter, adapter_parameters
from trainer.batches import Item
from trainer.device import memory_limit
from trainer.frozen_base import freeze
from trainer.memory import ModelShape, activation_bytes
from trainer.optimizer import AdapterOptimizer
from trainer.plan import Group
from trainer.schemas import AlgorithmSpec, LoraSpec, OptimizerSpec
from trainer.step import train_step


def main(name: str, device_name: str, checkpointing: str, lengths: str) -> None:
    torch.set_num_threads(1)
    device, case = torch.device(device_name), CASES[name]
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    meter, limit = Meter(device), memory_limit(device)
    model = make_model(case, device, dtype)
    base = freeze(model, device, dtype, limit=limit, checkpointing=checkpointing)  # type: ignore[arg-type]
    lora = LoraSpec(rank=RANK, alpha=ALPHA, dropout=0.0, target_modules=["all-linear"])
    parameters = adapter_parameters(base, lora)
    adapter = Adapter(base, "bench", lora, SEED)
    optimizer = AdapterOptimizer(
        adapter.weights, OptimizerSpec(learning_rate=LEARNING_RATE, weight_decay=0.0, max_grad_norm=MAX_GRAD_NORM)
    )
    # The sampler's log-probabilities are so low that the importance weight is its clip, 1: TRL has none of them.
    algorithm = AlgorithmSpec(kind="gspo", clip_low=CLIP_LOW, clip_high=CLIP_HIGH, tis_clip=1.0)
    items = [
        Item(row.prompt, row.completion, [-1e4] * len(row.completion), row.advantage)
        for row in rows(case, ragged=lengths == "ragged")
    ]

    def step() -> dict[str, float]:
        numbers = train_step(base, adapter, optimizer, algorithm, items, case.micro_batch, 1.0)
        return {"loss": numbers.loss, "grad_norm": numbers.grad_norm}

    groups = base.memory.group([item.lengths for item in items], case.micro_batch, RANK)
    facts = {
        "computed_bytes": peak_bytes(base.memory.shape, groups, items, base.memory.run_bytes(parameters)),
        "micro_batches": len(groups),
        "checkpointed_layers": max(group.checkpointed for group in groups),
        "flops": step_flops(base.memory.shape, RANK, [(len(row.prompt_ids), len(row.completion_ids)) for row in items]),
    }
    serve(step, meter, facts)


def peak_bytes(shape: ModelShape, groups: Sequence[Group], items: Sequence[Item], run: int) -> int:
    """What the formula says of the largest micro-batch, with the base and the run's state."""

    def of(group: Group) -> int:
        chosen = [items[index] for index in group.indices]
        tokens = len(chosen) * max(item.length for item in chosen)
        completion = sum(len(item.completion_ids) for item in chosen)
        return activation_bytes(shape, RANK, tokens, completion, group.checkpointed)

    return shape.base_bytes + run + max(of(group) for group in groups)


if __name__ == "__main__":
    main(*sys.argv[1:])
