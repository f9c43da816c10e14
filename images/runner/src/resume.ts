import { z } from "zod";
import { RunFailure } from "./failure.ts";
import type { RunSpec } from "./runSpec.ts";
import { newTally, tally, type Tally } from "./tally.ts";
import { type Adapter, adapter, type RunState, type StepResult } from "./trainer.ts";

/**
 * What the runner leaves with the trainer at every step. The trainer writes it to disk together with the weights, so the two
 * can't disagree: whoever finds step i finds the runner's memory of everything up to the rollouts of iteration i.
 */
export const cursor = z.strictObject({
  version: z.literal(1),
  /** The step that it was posted with. */
  step: z.int().min(1),
  /** Number of the last event written before the step: of its rollout.finished, or of a warning about that. */
  seq: z.int().min(1),
  tally,
  /** With staleness 1, the version that plays the next iteration: the one that this step begins from. Else null: the one that it makes. */
  sampler: adapter.nullable().default(null),
});
export type Cursor = z.infer<typeof cursor>;

/** Where a run begins or goes on. */
export interface StartingPoint {
  /** Completed steps; the next iteration is one more. */
  step: number;
  /** Result of that step, whose event may be lost; null at step 0. */
  lastStep: StepResult | null;
  seq: number;
  tally: Tally;
  /** The version that plays the next iteration, where it is not the current one. */
  sampler: Adapter | null;
  /** For run.started. */
  resumedAt: number | null;
}

/**
 * Where the run goes on, from the trainer's state.
 *
 * At step 0 everything so far (baseline, first evaluation, rollouts of iteration 1) is simply done again with the same
 * seeds. After step i the event of step i, its adapter sync and a due evaluation are told again, then iteration i + 1
 * begins. So no step is lost, and at most the rollouts in flight are repeated; they were never in a tally, and are counted
 * once.
 */
export function startingPoint(state: RunState, spec: RunSpec, now: Date): StartingPoint {
  if (state.step === 0)
    return { step: 0, lastStep: null, seq: 0, tally: newTally(now), sampler: null, resumedAt: state.created ? null : 0 };
  const saved = cursor.safeParse(state.cursor);
  const fits = saved.success && saved.data.step === state.step && state.last_step?.step === state.step;
  if (!fits || state.step > spec.training.iterations) {
    const problem = saved.success
      ? `its cursor is of step ${saved.data.step}`
      : "its cursor is not one of this runner";
    throw new RunFailure(
      `the trainer is at step ${state.step} of ${spec.training.iterations}, but ${problem}: the run can't go on from there`,
      "start a new attempt; it gets a state of its own",
    );
  }
  return {
    step: state.step,
    lastStep: state.last_step,
    seq: saved.data.seq,
    tally: saved.data.tally,
    sampler: saved.data.sampler,
    resumedAt: state.step,
  };
}
