import { expect, test } from "vitest";
import { slotsFor } from "../../../components/packing.ts";
import { failing } from "./failing.ts";
import { FakeStack, ofType } from "./fakeStack.ts";
import { faultServers } from "./faultServers.ts";

/** Staleness 1: an iteration is played while the step before it is under way, by the version which that step begins from. */

const stale = (stack: FakeStack) => stack.spec((spec) => (spec.training.staleness = 1));
const version = (name: string) => Number(name.split("-v").at(-1));

test("an iteration is played beside the step before it; record and events stay in the order of the iterations", async () => {
  await using stack = await FakeStack.start();
  const begun = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  stack.taskApp.fault.onRollout = ({ run_id }) => begun[Number(/-i(\d)-/.exec(run_id)?.[1] ?? 0)]!.resolve();
  // A step that does not end before the next iteration has begun: without staleness the run would never end.
  stack.trainer.fault.onStep = ({ step }) => (step < 3 ? begun[step + 1]!.promise : undefined);
  const { code, events } = await stack.run(stale(stack));
  expect(code).toBe(0);
  expect(ofType(events, "rollout.finished").map(({ iteration, adapter, staleness }) => [iteration, version(adapter), staleness])).toEqual([[1, 0, 0], [2, 0, 1], [3, 1, 1]]);
  expect(ofType(events, "step.finished").map(({ iteration, staleness, offPolicy, foreignSamples }) => [iteration, staleness, offPolicy !== null, foreignSamples]))
    .toEqual([[1, 0, false, 0], [2, 1, true, 0], [3, 1, true, 0]]);
  const fresh = await stack.run();
  expect(events.map(({ type }) => type)).toEqual(fresh.events.map(({ type }) => type));
  expect(ofType(events, "evaluation.finished").map(({ adapter }) => version(adapter))).toEqual([0, 2, 3]);
});

test("with staleness 0 no episode begins before the step is done", async () => {
  await using stack = await FakeStack.start();
  let stepping = false;
  const during: string[] = [];
  stack.trainer.fault.onStep = async () => {
    stepping = true;
    await new Promise((resolve) => setTimeout(resolve, 50));
    stepping = false;
  };
  stack.taskApp.fault.onRollout = ({ run_id }) => void (stepping && during.push(run_id));
  await stack.run();
  expect(during).toEqual([]);
});

test("each version is loaded once and stays within its slots, and none is left", async () => {
  await using stack = await FakeStack.start();
  await stack.run(stale(stack));
  expect(new Set(stack.vllm.loads).size).toBe(stack.vllm.loads.length);
  expect(stack.vllm.mostLoaded).toBeLessThanOrEqual(slotsFor(1).maxLoras);
  expect(stack.vllm.loaded).toEqual([]);
});

test("a vLLM that is killed while the retired version plays gets back both", async () => {
  await using stack = await FakeStack.start();
  const calm = await stack.run(stale(stack));
  const synced = Promise.withResolvers<void>();
  // The last episode of iteration 3 is held until version 2 serves; then version 1, which plays it, has been retired.
  stack.taskApp.fault.onRollout = async ({ run_id }) => {
    if (!run_id.endsWith("-i3-g1-e3") || killed) return;
    await synced.promise;
    killed = true;
    await stack.vllm.stop();
    setTimeout(() => void stack.vllm.start(), 100);
  };
  let killed = false;
  const look = setInterval(() => stack.vllm.loaded.some((name) => version(name) === 2) && synced.resolve(), 5);
  const { code, events, lines } = await stack.run(stale(stack));
  clearInterval(look);
  expect(code).toBe(0);
  expect(killed).toBe(true);
  expect(lines.filter((line) => line.includes("vLLM has lost")).map((line) => /-v(\d)/.exec(line)![1]).sort()).toEqual(["1", "2"]);
  const hash = (of: typeof events) => ofType(of, "run.finished")[0]!.trajectoryHash;
  expect(hash(events)).toBe(hash(calm.events));
});

test("a decision that the current version made in place of the stale one is found", async () => {
  await using stack = await FakeStack.start();
  // Two chats of the third iteration are decoded with other weights, as far off as a version is from the next.
  stack.taskApp.fault.onRollout = ({ run_id }) => void (run_id.includes("-i3-") && Object.assign(stack.vllm.fault, { chatOffset: 0.5, offsetEvery: 16 }));
  const { events } = await stack.run(stale(stack));
  expect(ofType(events, "step.finished").map(({ foreignSamples }) => foreignSamples)).toEqual([0, 0, 2]);
});

test.each(faultServers.map((server) => [server.what, server] as const))("a server that %s ends the run before its last evaluation counts", async (_what, { begin, reason }) => {
  await using stack = await FakeStack.start();
  await begin(stack, 3);
  const failed = await failing(stack, stale(stack));
  expect(failed.reason).toMatch(reason);
  expect(failed.iteration).toBe(3);
  expect(ofType(failed.events, "evaluation.finished").map((event) => event.iteration)).toEqual([0, 2]);
  expect(stack.vllm.loaded.filter((name) => name.startsWith("crafter-rl-test"))).toEqual([]);
});

test("what fails beside a step ends the run at once, and nothing is said after it", async () => {
  await using stack = await FakeStack.start();
  stack.taskApp.fault.onRollout = ({ run_id }) => void (run_id.includes("-i2-") && (stack.taskApp.fault.turns = 3));
  const released = Promise.withResolvers<void>();
  stack.trainer.fault.onStep = () => released.promise;
  const { reason, iteration } = await failing(stack, stale(stack));
  released.resolve();
  expect(iteration).toBe(1);
  expect(reason).toContain("3 of 4 decisions");
});

test("a step that fails ends the episodes beside it", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.oldName = true;
  const held = Promise.withResolvers<void>();
  stack.taskApp.fault.onRollout = ({ run_id }) => (run_id.includes("-i2-") ? held.promise : undefined);
  const { reason } = await failing(stack, stale(stack));
  held.resolve();
  expect(reason).toContain("answered step 1 with step 1");
});
