import { expect, test } from "vitest";
import { EXIT } from "../src/run.ts";
import { failing, inIteration2 } from "./failing.ts";
import { FakeStack, ofType } from "./fakeStack.ts";

/** Services that fail, die and come back, or don't. */

test("a task app that fails now and then is retried, and the record is the undisturbed one", async () => {
  await using stack = await FakeStack.start();
  const calm = await stack.run();
  let failures = 0;
  stack.taskApp.fault.onRollout = (body) => {
    if (body.run_id.endsWith("-i2-g1-e2") && failures++ < 2) throw new Error("made up for the test");
  };
  const disturbed = await stack.run();
  expect(disturbed.code).toBe(0);
  expect(ofType(disturbed.events, "rollout.finished").map((event) => event.retries)).toEqual([0, 2, 0]);
  expect(ofType(disturbed.events, "run.finished")[0]!.trajectoryHash).toBe(
    ofType(calm.events, "run.finished")[0]!.trajectoryHash,
  );
});

test("a task app that goes on failing ends the run with its own words", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.taskApp.fault.failures = Number.POSITIVE_INFINITY));
  const { code, reason } = await failing(
    stack,
    stack.spec((spec) => (spec.guards.maxRetries = 1)),
  );
  expect(code).toBe(EXIT.failed);
  expect(reason).toMatch(/-i2-g\d-e\d failed 2 times: .*env_step_failed: made up for the test/);
});

test("connections that vLLM drops are no trouble", async () => {
  await using stack = await FakeStack.start();
  stack.vllm.fault.hangUpEvery = 60;
  const { code, events } = await stack.run(stack.spec((spec) => (spec.guards.maxRetries = 4)));
  expect(code).toBe(0);
  expect(ofType(events, "run.finished")[0]!.decisions.total).toBe(96);
});

test("a vLLM that is killed gets its adapter back, and the episodes in flight are played again", async () => {
  await using stack = await FakeStack.start();
  const calm = await stack.run();
  let kill = true;
  inIteration2(stack, () => {
    if (!kill) return;
    kill = false;
    void stack.vllm.stop().then(() => setTimeout(() => void stack.vllm.start(), 300));
  });
  stack.vllm.loads.length = 0;
  const { code, events, lines } = await stack.run();
  expect(code).toBe(0);
  expect(stack.vllm.loads.map((name) => name.split("-").at(-1))).toEqual(["v0", "v1", "v1", "v2", "v3"]);
  expect(lines.some((line) => line.includes("vLLM has lost crafter-rl-test-0a1b2c3d-v1"))).toBe(true);
  expect(ofType(events, "run.finished")[0]!.trajectoryHash).toBe(
    ofType(calm.events, "run.finished")[0]!.trajectoryHash,
  );
});

test("a vLLM that is killed during a step gets the new adapter all the same", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.onStep = async (body) => {
    if (body.step !== 2) return;
    await stack.vllm.stop();
    setTimeout(() => void stack.vllm.start(), 200);
  };
  const { code, events } = await stack.run();
  expect(code).toBe(0);
  expect(ofType(events, "sync.finished").map((event) => event.iteration)).toEqual([0, 1, 2, 3]);
});

test("a trainer that dies after a step gives the recorded result: the step is taken once", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.dieAfterStep = 2;
  const { code } = await stack.run();
  expect(code).toBe(0);
  expect(stack.trainer.steps.map(({ step }) => step)).toEqual([1, 2, 3]);
});

test("a trainer that is restarted reads the run from its disk, and the step is taken", async () => {
  await using stack = await FakeStack.start();
  let restart = true;
  stack.trainer.fault.onStep = async (body) => {
    if (body.step !== 2 || !restart) return;
    restart = false;
    await stack.trainer.stop();
    await stack.trainer.start();
  };
  const { code, events } = await stack.run();
  expect(code).toBe(0);
  expect(ofType(events, "step.finished").map((event) => event.iteration)).toEqual([1, 2, 3]);
});

test("a trainer that dies between a step and the load is waited for, however long it takes to come back", async () => {
  await using stack = await FakeStack.start();
  let restart = true;
  stack.trainer.fault.onDigest = (name) => {
    if (!restart || !name.endsWith("-v2")) return false;
    restart = false;
    // Longer than all retries take that wait for nothing.
    void stack.trainer.stop().then(() => setTimeout(() => void stack.trainer.start(), 1500));
    return true;
  };
  const { code, events } = await stack.run(stack.spec((spec) => (spec.guards.maxRetries = 1)));
  expect(code).toBe(0);
  expect(restart).toBe(false);
  expect(ofType(events, "sync.finished").map((event) => event.iteration)).toEqual([0, 1, 2, 3]);
});

test("a trainer that has lost the run ends it: nobody may take a fresh start for a fall", async () => {
  await using stack = await FakeStack.start();
  let restart = true;
  stack.trainer.fault.onStep = async (body) => {
    if (body.step !== 3 || !restart) return;
    restart = false;
    await stack.trainer.stop({ keepDisk: false });
    await stack.trainer.start();
  };
  expect((await failing(stack)).reason).toContain("it has lost the run's state");
});

test("a refused key is a config error", async () => {
  await using stack = await FakeStack.start();
  const out = await stack.run(stack.spec(), undefined, undefined, { environmentApiKey: "wrong" });
  expect(out.code).toBe(EXIT.config);
  expect(out.lines.at(-1)).toContain("refused the runner's ENVIRONMENT_API_KEY");
});
