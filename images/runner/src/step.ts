import type { RunContext } from "./context.ts";
import { RunFailure } from "./failure.ts";
import { HttpError } from "./http.ts";
import { guardForeign, guardMismatch, hasUpdate } from "./guards.ts";
import type { Standing } from "./standing.ts";
import { waitFor } from "./readiness.ts";
import type { Cursor } from "./resume.ts";
import { isPassing, withRetries } from "./retry.ts";
import { addStep, type Tally } from "./tally.ts";
import type { Adapter, Sample, StepResult } from "./trainer.ts";

export interface Step {
  step: number;
  /** Number of the last event before the step. */
  seq: number;
  tally: Tally;
  samples: Sample[];
  /** The version that drew the samples. */
  sampler: Adapter;
  /** The version that plays the next iteration, where it is not the one that this step makes. */
  nextSampler: Adapter | null;
}

/**
 * Takes one step at the trainer. If the trainer dies under it, waits for it, makes sure that it still has the run, and posts
 * the same step again: a step that was already taken gives its recorded result.
 *
 * Throws a RunFailure if the answer is another step's, or if the trainer came back without the run's state: its adapters would begin again at version 0, and
 * the curve would show a restart as if the policy had forgotten everything.
 */
export async function takeStep(context: RunContext, { step, seq, tally, samples, sampler, nextSampler }: Step): Promise<StepResult> {
  const { spec, runKey, trainer, log, signal } = context;
  const cursor: Cursor = { version: 1, step, seq, tally, sampler: nextSampler };
  const request = {
    step, cursor, temperature: spec.rollout.temperature, max_logprob_delta: spec.guards.maxLogprobDelta, sampler_version: sampler.version, samples,
  };
  const result = await withRetries(() => trainer.step(request, signal), {
    retries: spec.guards.maxRetries,
    signal,
    // 404: a trainer that has just been restarted reads a run from disk only when it is told of it by PUT.
    passing: (error) => isPassing(error) || (error instanceof HttpError && error.status === 404),
    before: async (error, retry) => {
      await log.warn(`step ${step}, retry ${retry} of ${spec.guards.maxRetries}: ${(error as Error).message}`);
      await waitFor("the trainer", (s) => trainer.ready(s), { signal, log });
      const state = await withRetries(() => trainer.put(spec, signal), { retries: spec.guards.maxRetries, signal });
      if (state.step === step || state.step === step - 1) return;
      throw new RunFailure(
        `the trainer came back at step ${state.step}, but ${step - 1} steps were taken: it has lost the run's state`,
        "keep the adapter directory on the node (or on a claim) while the run lasts; then start a new attempt",
        { cause: error },
      );
    },
  });
  const { name, version } = result.adapter;
  if (result.step !== step || version !== step || name !== `${runKey}-v${step}`) {
    throw new RunFailure(
      `the trainer answered step ${step} with step ${result.step} and the adapter ${name} (version ${version})`,
      "check that the trainer's image has the same version as the runner's, then start a new attempt",
    );
  }
  return result;
}

/** Writes step.finished, warns of a step that changed nothing or left decisions out, and ends the run if sampler and trainer disagree. */
export async function recordStep({ spec, log }: RunContext, standing: Standing, step: StepResult): Promise<void> {
  const { mismatch } = step;
  standing.tally = addStep(standing.tally, { kl: mismatch.kl, updated: hasUpdate(step), foreign: step.foreign_samples });
  await log.event({
    type: "step.finished",
    iteration: step.step,
    adapter: { name: step.adapter.name, version: step.adapter.version, digest: step.adapter.digest },
    loss: step.loss,
    gradNorm: step.grad_norm,
    noUpdate: step.no_update,
    staleness: step.staleness,
    mismatch: inEvent(mismatch),
    offPolicy: step.off_policy && inEvent(step.off_policy),
    clippedShare: step.clipped_share,
    samples: step.samples,
    foreignSamples: step.foreign_samples,
    zeroAdvantageSamples: step.zero_advantage_samples,
    tokens: { prompt: step.tokens.prompt, completion: step.tokens.completion },
    seconds: step.seconds.total,
  });
  if (!hasUpdate(step)) {
    const message = `step ${step.step} changed no weights: the episodes of every group had equal rewards`;
    await log.event({ type: "run.warning", iteration: step.step, message });
    await log.warn(message);
  }
  guardMismatch(step, spec.guards);
  if (step.foreign_samples > 0) {
    const message = `${step.foreign_samples} of ${step.samples} decisions dropped in step ${step.step}: sampled from other weights than the trainer's`;
    await log.event({ type: "run.warning", iteration: step.step, message });
    await log.warn(message);
  }
  guardForeign(step, spec.guards);
}

function inEvent({ mean_abs_logprob_delta, max_abs_logprob_delta, kl, mean_ratio }: StepResult["mismatch"]) {
  return { meanAbsLogprobDelta: mean_abs_logprob_delta, maxAbsLogprobDelta: max_abs_logprob_delta, kl, meanRatio: mean_ratio };
}
