import { expect, test } from "vitest";
import { EXIT } from "../src/run.ts";
import type { RunSpec } from "../src/runSpec.ts";
import { FakeStack, ofType } from "./fakeStack.ts";

/** Each fault begins with the rollouts of iteration 2, when all was well before. */
function inIteration2(stack: FakeStack, begin: () => void): void {
  stack.taskApp.fault.onRollout = (body) => void (body.run_id.includes("-i2-") && begin());
}

async function failing(stack: FakeStack, spec?: RunSpec) {
  const { code, events, lines } = await stack.run(spec);
  const [failed, more] = ofType(events, "run.failed");
  expect(more).toBeUndefined();
  expect(ofType(events, "run.finished")).toEqual([]);
  expect(events.at(-1)).toBe(failed);
  // The cause and what to do stand in the last line, where whoever looks at a failed Job looks first.
  expect(lines.at(-1)).toContain(failed!.reason);
  expect(lines.at(-1)).toContain(failed!.remedy);
  expect(lines.join("\n")).not.toContain("Training completed");
  return { code, events, reason: failed!.reason, iteration: failed!.iteration };
}

test("decisions served by the base end the run", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.vllm.fault.servedModel = "base"));
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

test.each(["base", "previous"] as const)("a server that applies the %s weights under the new name ends the run", async (weights) => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.onStep = (body) => void (body.step === 2 && (stack.vllm.fault.weights = weights));
  const { reason, iteration } = await failing(stack);
  expect(iteration).toBe(2);
  expect(reason).toMatch(weights === "previous" ? /canary did not move/ : /canary/);
});

test("a trainer that writes the old weights again ends the run", async () => {
  await using stack = await FakeStack.start();
  stack.trainer.fault.oldWeights = true;
  expect((await failing(stack)).reason).toContain("the canary did not move after an update");
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
  expect((await failing(stack)).reason).toMatch(/vLLM finds no adapter .*-v1 at .*-v1/);
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
  expect(ofType(disturbed.events, "run.finished")[0]!.trajectoryHash).toBe(ofType(calm.events, "run.finished")[0]!.trajectoryHash);
});

test("a task app that goes on failing ends the run with its own words", async () => {
  await using stack = await FakeStack.start();
  inIteration2(stack, () => (stack.taskApp.fault.failures = Number.POSITIVE_INFINITY));
  const { code, reason } = await failing(stack, stack.spec((spec) => (spec.guards.maxRetries = 1)));
  expect(code).toBe(EXIT.failed);
  expect(reason).toMatch(/-i2-g\d-e\d failed 2 times: .*env_step_failed: made up for the test/);
});

test("an episode that the task app cuts short ends the run", async () => {
  await using stack = await FakeStack.start();
  stack.taskApp.fault.turns = 3;
  expect((await failing(stack)).reason).toContain("3 of 4 decisions");
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
  expect(ofType(events, "run.finished")[0]!.trajectoryHash).toBe(ofType(calm.events, "run.finished")[0]!.trajectoryHash);
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
