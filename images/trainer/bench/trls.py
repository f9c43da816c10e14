"""TRL's GRPOTrainer on the same step: python -m bench.trls CASE DEVICE CHECKPOINTING equal|ragged.

Its own loop, data loader, loss, clip and optimizer; only the generation is replaced, by the batch's tokens and
advantages. A step is timed from the callback at its begin to that at its end.
"""

import sys
import tempfile
from typing import Any

import pyarrow as pa
import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from bench.cases import (
    ALPHA,
    CASES,
    CLIP_HIGH,
    CLIP_LOW,
    LEARNING_RATE,
    MAX_GRAD_NORM,
    RANK,
    SEED,
    Row,
    make_model,
    rows,
)
from bench.stepper import Meter, say, wait_for_turn

PAD = 0


class GivenCompletions(GRPOTrainer):  # type: ignore[misc]
    """TRL's trainer without a sampler."""

    given: dict[str, torch.Tensor]

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, torch.Tensor]:
        return dict(self.given)


class Turns(TrainerCallback):  # type: ignore[misc]
    """Begins a step when it is asked for, and says what it took when it is logged."""

    def __init__(self, meter: Meter) -> None:
        self._meter, self._took = meter, dict[str, float]()

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        say({})

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        wait_for_turn()
        self._meter.start()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self._took = self._meter.stop()

    def on_log(self, *args: Any, logs: dict[str, float], **kwargs: Any) -> None:
        if "grad_norm" in logs:
            say(self._took | {"loss": float(logs["loss"]), "grad_norm": float(logs["grad_norm"])})


def padded(batch: list[Row], device: torch.device) -> dict[str, torch.Tensor]:
    """As TRL pads them: prompts on the left, completions on the right, to the longest of the batch."""
    prompt, completion = (max(len(getattr(row, part)) for row in batch) for part in ("prompt", "completion"))
    sides = {
        "prompt": [[PAD] * (prompt - len(row.prompt)) + row.prompt for row in batch],
        "completion": [row.completion + [PAD] * (completion - len(row.completion)) for row in batch],
    }
    ids = {f"{part}_ids": torch.tensor(values, device=device) for part, values in sides.items()}
    masks = {f"{part}_mask": (ids[f"{part}_ids"] != PAD).long() for part in sides}
    return ids | masks | {
        "advantages": torch.tensor([row.advantage for row in batch], device=device),
        "num_items_in_batch": masks["completion_mask"].sum(),
    }  # fmt: skip


def tokenizer() -> PreTrainedTokenizerFast:
    """The trainer wants one; nothing is tokenised."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"<pad>": PAD, "<eos>": 1, "x": 2}, unk_token="x")),
        pad_token="<pad>", eos_token="<eos>",
    )  # fmt: skip


def main(name: str, device_name: str, checkpointing: str, lengths: str) -> None:
    torch.set_num_threads(1)
    device, case = torch.device(device_name), CASES[name]
    on_gpu = device.type == "cuda"
    meter = Meter(device)
    model = make_model(case, device, torch.bfloat16 if on_gpu else torch.float32)
    torch.manual_seed(SEED)
    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    with tempfile.TemporaryDirectory() as folder:
        config = GRPOConfig(
            output_dir=folder, per_device_train_batch_size=case.micro_batch, num_generations=2, max_steps=10**6,
            gradient_accumulation_steps=case.sequences // case.micro_batch, learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant", max_grad_norm=MAX_GRAD_NORM, weight_decay=0.0, beta=0.0, loss_type="grpo",
            importance_sampling_level="sequence", epsilon=CLIP_LOW, epsilon_high=CLIP_HIGH, bf16=on_gpu,
            gradient_checkpointing=checkpointing == "on", use_cpu=not on_gpu, report_to="none", logging_steps=1,
            save_strategy="no", disable_tqdm=True, max_completion_length=case.completion,
        )  # fmt: skip
        trainer = GivenCompletions(
            get_peft_model(model, lora), reward_funcs=lambda **_: [0.0], args=config, processing_class=tokenizer(),
            # A fingerprint of its own: to make one, datasets pickles the table, which this pyarrow does not let it.
            train_dataset=Dataset(pa.table({"prompt": ["x"] * case.sequences}), fingerprint="bench"),
            callbacks=[Turns(meter)],
        )  # fmt: skip
        trainer.given = padded(rows(case, ragged=lengths == "ragged"), device)
        trainer.train()


if __name__ == "__main__":
    main(*sys.argv[1:])
