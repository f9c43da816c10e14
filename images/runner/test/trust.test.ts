import { truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT } from "../src/run.ts";
import { failing, inIteration2 } from "./failing.ts";
import { FakeStack, ofType } from "./fakeStack.ts";
import { faultServers } from "./faultServers.ts";

/** Runs whose numbers could no longer be believed: each must end, loudly. */

test("decisions served by the base end the run", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.vllm.fault.servedModel = () => "base"));
  const { code, reason, iteration } = await failing(stack);
  expect([code, iteration]).toEqual([EXIT.failed, 2]);
  expect(reason).toContain("served by base instead of crafter-rl-test-0a1b2c3d-v1");
  expect(stack.trainer.steps.length).toBe(1);
});

test("decisions of another run's adapter under the right name end the run at the mismatch gate", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.vllm.fault.chatOffset = 1));
  const { reason, events } = await failing(stack);
  expect(reason).toContain("sampler and trainer differ");
  // The step that showed it is on record.
  expect(ofType(events, "step.finished").length).toBe(2);
});

test.each(faultServers.map((server) => [server.what, server] as const))("a server that %s ends the run before its last evaluation counts", async (_what, { begin, reason }) => {
  await using stack = await FakeStack.start();
  await begin(stack, 3);
  const failed = await failing(stack);
  expect(failed.reason).toMatch(reason);
  expect(failed.iteration).toBe(3);
  expect(ofType(failed.events, "evaluation.finished").map((event) => event.iteration)).toEqual([0, 2]);
  expect(stack.vllm.loaded.filter((name) => name.startsWith("crafter-rl-test"))).toEqual([]);
});

test("a fault that begins in the middle of a run ends it before anything is learned from it", async () => {
  await using stack = await FakeStack.start();
  Object.assign(stack.vllm.fault, { weights: "half", fromVersion: 1 });
  expect((await failing(stack)).iteration).toBe(2);
  expect(stack.trainer.steps.map(({ step }) => step)).toEqual([1]);
});

test("a trainer that writes the old weights again ends the run", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.oldWeights = true;
  expect((await failing(stack)).reason).toContain("the canary did not move after an update");
});

test("a trainer that names an old version ends the run: a name is never loaded twice", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.oldName = true;
  expect((await failing(stack)).reason).toMatch(/answered step 1 with step 1 and the adapter .*-v0/);
});

test("a server with another base model than the trainer's ends the run before it costs anything", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.baseOffset = 1;
  const { reason, iteration } = await failing(stack);
  expect(iteration).toBe(0);
  expect(reason).toContain("vLLM and the trainer differ");
  expect(stack.taskApp.requests.length).toBe(0);
});

test("missing log-probabilities are counted and end the run", async () => {
  await using stack = await FakeStack.start();
  stack.vllm.fault.shortLogprobs = true;
  expect((await failing(stack)).reason).toContain("another number of log-probabilities than of tokens");
});

test("an adapter directory that vanished ends the run", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.noFolder = true;
  expect((await failing(stack)).reason).toMatch(/the trainer finds no adapter .*-v1 at .*-v1/);
});

test.each([400, 500])("a file that is torn after it was looked at and before it is read ends the run with that cause, also where vLLM answers %i", async (status) => {
  await using stack = await FakeStack.start();
  Object.assign(stack.vllm.fault, {
    unreadable: status,
    onLoad: (name: string, root: string) => name.endsWith("-v2") && truncateSync(join(root, "weight.json"), 3),
  });
  expect((await failing(stack)).reason).toMatch(/the files of .*-v2 at .* they are torn or changed/);
});

test("a run in which no step changed a weight fails, however well it went", async () => {
  await using stack = await FakeStack.start();
  stack.taskApp.fault.equalRewards = true;
  const { code, reason, events } = await failing(stack);
  expect(code).toBe(EXIT.failed);
  expect(reason).toContain("trained nothing");
  expect(ofType(events, "run.warning").map((event) => event.iteration)).toEqual([1, 2, 3]);
  expect(ofType(events, "step.finished").every((event) => event.noUpdate)).toBe(true);
});

test("an episode that the task app cuts short ends the run", async () => {
  await using stack = await FakeStack.start();
  stack.taskApp.fault.turns = 3;
  expect((await failing(stack)).reason).toContain("3 of 4 decisions");
});
