import { beforeAll, expect, test } from "vitest";
import { FakeStack, ofType } from "./fakeStack.ts";
import { merged, Pod } from "./pod.ts";
import { runRecord } from "./runRecord.ts";

const pod = (stack: FakeStack, staleness: 0 | 1 = 0) =>
  new Pod(stack.folder, specOf(stack, staleness), {
    SYNTH_API_KEY: stack.vllm.apiKey,
    ENVIRONMENT_API_KEY: stack.taskApp.apiKey,
  });

const specOf = (stack: FakeStack, staleness: 0 | 1) => stack.spec((spec) => (spec.training.staleness = staleness));

/** Calls back once, when the nth request comes that the pattern fits. */
function onRollout(stack: FakeStack, pattern: RegExp, act: () => void): void {
  let done = false;
  stack.taskApp.fault.onRollout = (body) => {
    if (done || !pattern.test(body.run_id)) return;
    done = true;
    act();
  };
}

const calm: ReturnType<typeof runRecord>[] = [];
beforeAll(async () => {
  for (const staleness of [0, 1] as const) {
    await using stack = await FakeStack.start();
    calm.push(runRecord((await stack.run(specOf(stack, staleness))).events));
  }
}, 30_000);

const kills: [string, (stack: FakeStack, kill: () => void) => void][] = [
  ["in the rollouts of iteration 1", (stack, kill) => onRollout(stack, /-i1-g1-e3$/, kill)],
  ["in the rollouts of iteration 2", (stack, kill) => onRollout(stack, /-i2-g1-e1$/, kill)],
  ["in the rollouts of iteration 3", (stack, kill) => onRollout(stack, /-i3-g0-e2$/, kill)],
  [
    "while the trainer takes step 2",
    (stack, kill) => (stack.trainer.fault.onStep = (body) => void (body.step === 2 && kill())),
  ],
  ["in the evaluation after iteration 2", (stack, kill) => onRollout(stack, /-eval2-e2$/, kill)],
  ["in the last evaluation", (stack, kill) => onRollout(stack, /-eval3-e1$/, kill)],
];
const cases = ([0, 1] as const).flatMap((staleness) => kills.map(([when, arrange]) => [staleness, when, arrange] as const))
  // Nothing is played beside a step there.
  .filter(([staleness, when]) => staleness === 0 || !/iteration 1|last/.test(when));

test.each(cases)("with staleness %i a runner killed %s is continued by the next one, and nothing counts twice", async (staleness, _when, arrange) => {
  await using stack = await FakeStack.start();
  const first = pod(stack, staleness);
  arrange(stack, () => first.kill("SIGKILL"));
  expect(await first.ended()).toBeNull();
  const second = pod(stack, staleness);
  expect(await second.ended()).toBe(0);

  const events = merged(first, second);
  expect(runRecord(events)).toEqual(calm[staleness]);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(stack.trainer.steps.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(stack.vllm.loaded).toEqual([]);
});

test("SIGTERM ends a runner at once with 143, without a failure, and the next one goes on", async () => {
  await using stack = await FakeStack.start();
  const first = pod(stack);
  onRollout(stack, /-i2-g0-e1$/, () => first.kill("SIGTERM"));
  expect(await first.ended()).toBe(143);
  expect(first.text.trim().split("\n").at(-1)).toContain("stopped by SIGTERM in iteration 2");
  expect(ofType(first.events, "run.failed")).toEqual([]);
  const second = pod(stack);
  expect(await second.ended()).toBe(0);
  expect(ofType(second.events, "run.started")[0]!.resumedAt).toBe(1);
});

test("SIGINT ends a runner with 130", async () => {
  await using stack = await FakeStack.start();
  const first = pod(stack);
  onRollout(stack, /-eval0-e1$/, () => first.kill("SIGINT"));
  expect(await first.ended()).toBe(130);
});

test("a spec that can't be read ends a runner with 78", async () => {
  await using stack = await FakeStack.start();
  const broken = new Pod(stack.folder, { ...stack.spec(), seed: -1 }, { SYNTH_API_KEY: "x" });
  expect(await broken.ended()).toBe(78);
  expect(broken.text).toContain("ENVIRONMENT_API_KEY");
  expect(broken.text).toContain("seed");
  expect(broken.events).toEqual([]);
});
