import { IDENTITY_REMEDY } from "./canary.ts";
import { RunFailure } from "./failure.ts";
import type { Episode } from "./rewards.ts";
import type { RunSpec } from "./runSpec.ts";
import type { StepResult } from "./trainer.ts";

/** The rules that end a run whose numbers could no longer be believed. Each throws a RunFailure. */

type Guards = RunSpec["guards"];

/** Decisions of some episodes that can't be trained on, by reason, the commonest first; null where there is none. */
export function describeDropped(episodes: readonly Episode[]): string | null {
  const decisions = episodes.flatMap((episode) => episode.decisions);
  const faults = faultCounts(episodes);
  if (faults.length === 0) return null;
  const dropped = faults.reduce((sum, [, count]) => sum + count, 0);
  return `${dropped} of ${decisions.length} decisions dropped: ${faults.map(([fault, count]) => `${count} ${fault}`).join(", ")}`;
}

/** Too many decisions came from the wrong adapter or without their tokens. */
export function guardDropped(episodes: readonly Episode[], guards: Guards): void {
  const total = episodes.reduce((sum, episode) => sum + episode.decisions.length, 0);
  const faults = faultCounts(episodes);
  const dropped = faults.reduce((sum, [, count]) => sum + count, 0);
  if (dropped / total <= guards.maxDroppedShare) return;
  const commonest = faults[0]![0];
  const share = ((100 * dropped) / total).toFixed(0);
  const limit = (100 * guards.maxDroppedShare).toFixed(0);
  throw new RunFailure(
    `${dropped} of ${total} decisions (${share} %, allowed ${limit} %) can't be used; most often: ${commonest}`,
    commonest.startsWith("served by")
      ? IDENTITY_REMEDY
      : "use a vLLM that answers return_token_ids and logprobs, and check the task app's log",
  );
}

function faultCounts(episodes: readonly Episode[]): [fault: string, count: number][] {
  const faults = episodes.flatMap(({ decisions }) => decisions.flatMap(({ fault }) => (fault === null ? [] : [fault])));
  const byFault = Map.groupBy(faults, (fault) => fault);
  return [...byFault].map(([fault, same]): [string, number] => [fault, same.length]).sort(([, a], [, b]) => b - a);
}

/** Sampler and trainer disagree about the probabilities of the same tokens. */
export function guardMismatch(step: StepResult, guards: Guards): void {
  const delta = step.mismatch.mean_abs_logprob_delta;
  if (delta <= guards.maxLogprobDelta) return;
  throw new RunFailure(
    `sampler and trainer differ by ${delta.toPrecision(3)} nats a token in step ${step.step} (allowed ${guards.maxLogprobDelta})`,
    "the tokens were not sampled from the adapter that is trained, or the two servers compute differently: " +
      "give both the same base model, dtype and torch, and check that vLLM reports raw log-probabilities",
  );
}

/** Too many decisions were sampled from other weights under the right name: the mean over all tokens may not show it. */
export function guardForeign({ step, foreign_samples: foreign, samples }: StepResult, guards: Guards): void {
  if (foreign / samples <= guards.maxDroppedShare) return;
  throw new RunFailure(
    `${foreign} of ${samples} decisions of step ${step} were sampled from other weights than the trainer's, under the right name: ` +
      `they differ by more than ${guards.maxLogprobDelta} nats a token (allowed share ${guards.maxDroppedShare})`,
    IDENTITY_REMEDY,
  );
}

/** Did a step change the weights? Weight decay alone is no learning. */
export function hasUpdate(step: StepResult): boolean {
  return !step.no_update && step.grad_norm > 0;
}

/** No step of the run changed the weights: its flat curve would look like a reward that teaches nothing. */
export function guardTrainedNothing(iterationsWithoutUpdate: number, iterations: number): void {
  if (iterationsWithoutUpdate < iterations) return;
  throw new RunFailure(
    `the run trained nothing: in each of its ${iterations} iterations the episodes of every group had equal rewards, so every ` +
      "advantage was zero and no weight changed",
    "this says nothing about the reward: use a larger group_size, a higher temperature, more turns or a denser reward",
  );
}
