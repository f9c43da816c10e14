import { expect, test } from "vitest";
import { slotsFor } from "../../../components/packing.ts";
import { failing, inIteration2 } from "./failing.ts";
import { FakeStack, ofType } from "./fakeStack.ts";

/** Which adapter served each decision, from the first load to the last unload. */

const stale = (asked: string) => asked.replace(/-v\d+$/, "-v0");

test("a few stale decisions are dropped, counted and said, and the run goes on without them", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.vllm.fault.servedModel = (asked, chat) => (chat % 16 === 0 ? stale(asked) : asked)));
  const { code, events } = await stack.run();
  expect(code).toBe(0);
  const [, second, third] = ofType(events, "rollout.finished");
  expect([second!.decisions.dropped, third!.decisions.dropped]).toEqual([2, 2]);
  expect(second!.episodes.reduce((sum, episode) => sum + episode.dropped, 0)).toBe(2);
  expect(stack.trainer.steps.map(({ samples }) => samples.length)).toEqual([32, 30, 30]);
  const warnings = ofType(events, "run.warning").map(({ message }) => message);
  expect(warnings).toContain("2 of 32 decisions dropped: 2 served by crafter-rl-test-0a1b2c3d-v0 instead of crafter-rl-test-0a1b2c3d-v1");
  expect(ofType(events, "run.finished")[0]!.decisions.dropped).toBe(4);
});

test("an episode that two versions played loses the decisions of the wrong one; too many of them end the run", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.vllm.fault.servedModel = (asked, chat) => (chat % 4 === 0 ? stale(asked) : asked)));
  const { reason, events } = await failing(stack);
  expect(reason).toContain("8 of 32 decisions (25 %, allowed 10 %) can't be used; most often: served by crafter-rl-test-0a1b2c3d-v0");
  expect(ofType(events, "rollout.finished").at(-1)!.decisions).toMatchObject({ total: 32, dropped: 8 });
  expect(stack.trainer.steps.length).toBe(1);
});

test("decisions of other weights under the right name are found one by one, where the mean over all tokens hides them", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => Object.assign(stack.vllm.fault, { chatOffset: 0.1, offsetEvery: 16 }));
  const { code, events } = await stack.run();
  expect(code).toBe(0);
  expect(ofType(events, "step.finished").map(({ foreignSamples }) => foreignSamples)).toEqual([0, 2, 2]);
  expect(ofType(events, "step.finished").every(({ mismatch }) => mismatch.meanAbsLogprobDelta < 1e-3)).toBe(true);
  expect(ofType(events, "run.warning")[0]!.message).toBe("2 of 32 decisions dropped in step 2: sampled from other weights than the trainer's");
  expect(ofType(events, "run.finished")[0]!.decisions.dropped).toBe(4);
});

test("too many of them end the run, though the mean stays within its bound", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => Object.assign(stack.vllm.fault, { chatOffset: 0.1, offsetEvery: 8 }));
  const { reason, iteration, events } = await failing(stack);
  expect(iteration).toBe(2);
  expect(reason).toMatch(/^4 of 32 decisions of step 2 were sampled from other weights than the trainer's, under the right name/);
  expect(ofType(events, "step.finished").at(-1)!.mismatch.meanAbsLogprobDelta).toBeLessThan(1e-3);
});

test("an adapter that the server evicts under the run's requests is loaded again; the record is the undisturbed one", async () => {
  await using stack = await FakeStack.start();
  const calm = await stack.run();
  let evictions = 1;
  inIteration2(stack, () => {
    if (evictions-- > 0) for (const name of stack.vllm.loaded) stack.vllm.evict(name);
  });
  const disturbed = await stack.run();
  const hash = (events: typeof calm.events) => ofType(events, "run.finished")[0]!.trajectoryHash;
  expect(hash(disturbed.events)).toBe(hash(calm.events));
  expect(disturbed.lines.some((line) => line.includes("vLLM has lost crafter-rl-test-0a1b2c3d-v1"))).toBe(true);
});

test("a server that evicts again and again ends the run, naming what it lost", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => stack.vllm.loaded.forEach((name) => stack.vllm.evict(name)));
  const { reason, iteration } = await failing(stack);
  expect(iteration).toBe(2);
  expect(reason).toMatch(/episode .*-i2-.* failed 3 times: .*404/);
});

test("three runs on one server never need more slots than it was given for three", async () => {
  await using stack = await FakeStack.start();
  const runs = ["one", "two", "three"].map((name) => stack.run(stack.spec((spec) => (spec.name = name))));
  expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(stack.vllm.mostLoaded).toBeLessThanOrEqual(slotsFor(3).maxLoras);
  expect(stack.vllm.loaded).toEqual([]);
});
