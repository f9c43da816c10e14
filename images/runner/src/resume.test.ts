import { expect, test } from "vitest";
import { fakeSpec } from "../test/fakeSpec.ts";
import { startingPoint } from "./resume.ts";
import { newTally } from "./tally.ts";
import type { RunState, StepResult } from "./trainer.ts";

const url = "http://localhost";
const spec = fakeSpec({ taskApp: url, vllm: url, trainer: url });
const adapter = { name: "r-v2", version: 2, path: "/adapters/r-v2", digest: "sha256:2" };
const tally = { ...newTally(new Date(0)), batchRewards: [1, 2] };
const lastStep = { step: 2, adapter } as StepResult;
const state = (change: Partial<RunState>): RunState => ({
  run: "r",
  step: 2,
  adapter,
  created: false,
  last_step: lastStep,
  cursor: { version: 1, step: 2, seq: 8, tally },
  ...change,
});

test("a run that the trainer just made begins at 0", () => {
  const start = startingPoint(state({ step: 0, created: true, cursor: null, last_step: null }), spec, new Date(5));
  expect(start).toMatchObject({
    step: 0,
    seq: 0,
    resumedAt: null,
    lastStep: null,
    tally: { batchRewards: [], startedAt: new Date(5).toISOString() },
  });
});

test("a run that was killed before its first step begins again and says so", () => {
  expect(startingPoint(state({ step: 0, cursor: null, last_step: null }), spec, new Date(5))).toMatchObject({
    seq: 0,
    resumedAt: 0,
  });
});

test("a run that was killed later goes on with its tally and its event numbers", () => {
  expect(startingPoint(state({}), spec, new Date(5))).toEqual({ step: 2, seq: 8, tally, lastStep, sampler: null, resumedAt: 2 });
  const sampler = { ...adapter, name: "r-v1", version: 1 };
  expect(startingPoint(state({ cursor: { version: 1, step: 2, seq: 8, tally, sampler } }), spec, new Date(5)).sampler).toEqual(sampler);
});

test.each<[string, Partial<RunState>]>([
  ["another step's cursor", { cursor: { version: 1, step: 1, seq: 5, tally } }],
  ["a foreign cursor", { cursor: { position: 3 } }],
  ["no cursor", { cursor: null }],
  ["no result of its last step", { last_step: null }],
  [
    "more steps than the run has",
    { step: 9, cursor: { version: 1, step: 9, seq: 8, tally }, last_step: { ...lastStep, step: 9 } },
  ],
])("a state with %s can't be continued", (_what, change) => {
  expect(() => startingPoint(state(change), spec, new Date(5))).toThrow("can't go on");
});
