import { expect, test } from "vitest";
import { guardDropped, guardMismatch, guardTrainedNothing, hasUpdate } from "./guards.ts";
import type { Episode } from "./rewards.ts";
import type { StepResult } from "./trainer.ts";

const guards = { maxLogprobDelta: 0.01, maxDroppedShare: 0.1, maxRetries: 1 };
const episodes = (faults: (string | null)[]) =>
  [{ decisions: faults.map((fault) => ({ fault })) }] as unknown as Episode[];
const step = (change: object) =>
  ({ step: 3, no_update: false, grad_norm: 1, mismatch: { mean_abs_logprob_delta: 0.001 }, ...change }) as StepResult;

test("decisions may be dropped up to the share and no further; the commonest reason is named", () => {
  const fine = Array<string | null>(9).fill(null);
  expect(() => guardDropped(episodes([...fine, "served by base instead of v1"]), guards)).not.toThrow();
  const reasons = ["token ids missing", "served by base instead of v1", "served by base instead of v1"];
  expect(() => guardDropped(episodes([...fine, ...reasons]), guards)).toThrow(
    "3 of 12 decisions (25 %, allowed 10 %) can't be used; most often: served by base",
  );
});

test("the mismatch gate lets its bound through and nothing above it, NaN included", () => {
  expect(() => guardMismatch(step({ mismatch: { mean_abs_logprob_delta: 0.01 } }), guards)).not.toThrow();
  for (const delta of [0.011, Number.NaN]) {
    expect(() => guardMismatch(step({ mismatch: { mean_abs_logprob_delta: delta } }), guards)).toThrow(
      "sampler and trainer differ",
    );
  }
});

test("a step counts as an update only if a gradient flowed", () => {
  expect([step({}), step({ no_update: true }), step({ grad_norm: 0 })].map(hasUpdate)).toEqual([true, false, false]);
});

test("a run that trained in no iteration fails, one that trained once does not", () => {
  expect(() => guardTrainedNothing(9, 10)).not.toThrow();
  expect(() => guardTrainedNothing(10, 10)).toThrow("trained nothing");
});
