"""The answer to a step, from what the step measured."""

from collections.abc import Sequence

from trainer.batches import Item
from trainer.schemas import AdapterRef, StepResult, StepSeconds, TokenCounts
from trainer.step import StepNumbers


def step_result(
    step: int,
    staleness: int,
    adapter: AdapterRef,
    items: Sequence[Item],
    numbers: StepNumbers,
    save_seconds: float,
    total_seconds: float,
) -> StepResult:
    """Shares are of the samples that were learned from; a batch without any has clipped_share 0 and ratio_mean 1."""
    assert numbers.mismatch is not None
    return StepResult(
        step=step,
        adapter=adapter,
        loss=numbers.loss,
        grad_norm=numbers.grad_norm,
        mismatch=numbers.mismatch,
        clipped_share=numbers.clipped / numbers.units if numbers.units else 0.0,
        ratio_mean=numbers.ratio_sum / numbers.units if numbers.units else 1.0,
        zero_advantage_samples=sum(item.advantage == 0.0 for item in items),
        foreign_samples=numbers.foreign,
        staleness=staleness,
        off_policy=numbers.off_policy,
        samples=len(items),
        tokens=TokenCounts(
            prompt=sum(len(item.prompt_ids) for item in items),
            completion=sum(len(item.completion_ids) for item in items),
        ),
        seconds=StepSeconds(**numbers.seconds, save=save_seconds, total=total_seconds),
        no_update=numbers.no_update,
    )
