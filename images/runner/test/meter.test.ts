import { expect, test } from "vitest";
import { Meter } from "../src/meter.ts";
import type { RunBudget } from "../src/runBudget.ts";
import { Capture, FakeStack, ofType } from "./fakeStack.ts";

const budget = (seconds: number): RunBudget => ({ version: 1, seconds, limit: "budget.maxDollars" });
const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();

test("a run whose budget is spent measures what it has learned, says why it stops, and keeps what it has", async () => {
  await using stack = await FakeStack.start();
  // Time enough for the first iteration, and then none, however fast the machine is.
  const answers = [budget(1e6)];
  const { code, events } = await stack.run(stack.spec(), new Capture(), undefined, { budget: () => answers.shift() ?? budget(0.001) });

  expect(code).toBe(1);
  expect(ofType(events, "step.finished").map(({ iteration }) => iteration)).toEqual([1]);
  expect(events.slice(-2).map(({ type }) => type)).toEqual(["evaluation.finished", "run.failed"]);
  expect(ofType(events, "evaluation.finished").at(-1)!.iteration).toBe(1);
  const [failed] = ofType(events, "run.failed");
  expect(failed).toMatchObject({ reason: expect.stringMatching(/^stopped by budget\.maxDollars after 1 of 3 iterations/), remedy: expect.stringContaining("raise budget.maxDollars") });
  expect(failed!.batchRewards).toHaveLength(1);
  expect(stack.vllm.loaded).toEqual([]);
});

test("a run that is stopped right after an evaluation is not measured a second time", async () => {
  await using stack = await FakeStack.start();
  const answers = [budget(1e6)];
  const spec = stack.spec();
  const often = { ...spec, evaluation: { ...spec.evaluation, everyIterations: 1 } };
  const { code, events } = await stack.run(often, new Capture(), undefined, { budget: () => answers.shift() ?? budget(0.001) });

  expect(code).toBe(1);
  expect(ofType(events, "evaluation.finished").map(({ iteration }) => iteration)).toEqual([0, 1]);
});

test("a budget that is raised while the run goes on counts at once", async () => {
  await using stack = await FakeStack.start();
  const answers = [budget(1e6), budget(2e6), budget(3e6)];
  const { code } = await stack.run(stack.spec(), new Capture(), undefined, { budget: () => answers.shift()! });
  expect([code, answers]).toEqual([0, []]);
});

test("no budget ends nothing", () => {
  expect(new Meter(() => null).spent(HOUR_AGO, 1, 3)).toBeNull();
});

test("the time since the run's first pod counts, not this pod's", () => {
  expect(new Meter(() => budget(1e5)).spent(HOUR_AGO, 1, 3)).toBeNull();
  expect(new Meter(() => budget(3610)).spent(HOUR_AGO, 1, 3)?.message).toMatch(/^stopped by budget\.maxDollars after 1 of 3 iterations: \d+ of 3610 s are gone/);
});
