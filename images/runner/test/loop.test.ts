import { expect, test } from "vitest";
import type { RunEvent } from "../src/events.ts";
import { FakeStack, ofType } from "./fakeStack.ts";

test("a run plays, steps and syncs once an iteration, and ends with its rewards", async () => {
  await using stack = await FakeStack.start();
  const { code, events, lines } = await stack.run();

  expect(code).toBe(0);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.map((event) => event.type)).toEqual([
    "run.started",
    "sync.finished",
    "baseline.finished",
    "evaluation.finished",
    "rollout.finished",
    "step.finished",
    "sync.finished",
    "rollout.finished",
    "step.finished",
    "sync.finished",
    "evaluation.finished",
    "rollout.finished",
    "step.finished",
    "sync.finished",
    "evaluation.finished",
    "run.finished",
  ]);
  const [finished] = ofType(events, "run.finished");
  expect(finished!.batchRewards).toEqual(ofType(events, "rollout.finished").map((event) => event.meanReward));
  expect(finished!.adapterVersions).toEqual([0, 1, 2, 3].map((version) => `crafter-rl-test-0a1b2c3d-v${version}`));
  const rewards = finished!.batchRewards.map((reward) => Number(reward.toFixed(4)));
  expect(lines.slice(-2)).toEqual([
    "INFO - 🎉 Training completed successfully!",
    `INFO - All batch rewards: [${rewards.join(", ")}]`,
  ]);
});

test("each iteration is played by the version that the step before it wrote, and measured versions are named", async () => {
  await using stack = await FakeStack.start();
  const { events } = await stack.run();
  const version = (name: string) => Number(name.split("-v")[1]);
  expect(ofType(events, "rollout.finished").map(({ iteration, adapter }) => [iteration, version(adapter)])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
  expect(
    ofType(events, "evaluation.finished").map(({ iteration, adapter }) => [iteration, version(adapter)]),
  ).toEqual([
    [0, 0],
    [2, 2],
    [3, 3],
  ]);
});

test("at most two versions are loaded at a time, each once, and none is left", async () => {
  await using stack = await FakeStack.start();
  await stack.run();
  expect(stack.vllm.mostLoaded).toBe(2);
  expect(new Set(stack.vllm.loads).size).toBe(stack.vllm.loads.length);
  expect(stack.vllm.unloads).toEqual(stack.vllm.loads);
  expect(stack.vllm.loaded).toEqual([]);
  expect(stack.trainer.deleted).toEqual(["crafter-rl-test-0a1b2c3d"]);
});

test("episodes run concurrently up to the limit", async () => {
  await using stack = await FakeStack.start();
  await stack.run(stack.spec((spec) => (spec.rollout.maxConcurrent = 3)));
  expect(stack.taskApp.mostRunning).toBe(3);
});

test("an episode that takes long holds up no other", async () => {
  await using stack = await FakeStack.start();
  const others = Promise.withResolvers<void>();
  let played = 0;
  // The first episode of iteration 1 waits for the end of all others, of which there are more than are played at a time.
  stack.taskApp.fault.onRollout = ({ run_id }) => {
    if (run_id.endsWith("-i1-g0-e0")) return others.promise;
    if (run_id.includes("-i1-") && ++played === 7) others.resolve();
  };
  expect((await stack.run(stack.spec((spec) => (spec.rollout.maxConcurrent = 2)))).code).toBe(0);
});

test("connections to the three services are kept open and shared", async () => {
  await using stack = await FakeStack.start();
  const { code } = await stack.run(stack.spec((spec) => Object.assign(spec.training, { iterations: 6 })));
  expect(code).toBe(0);
  const connectionsOf = ({ server }: typeof stack.taskApp | typeof stack.vllm | typeof stack.trainer, path: RegExp) =>
    new Set([...server.connections].flatMap(([url, sockets]) => (path.test(url) ? [...sockets] : []))).size;
  expect(stack.taskApp.requests.length).toBe(3 + 4 * 3 + 6 * 8);
  expect(connectionsOf(stack.taskApp, /rollout/)).toBeLessThanOrEqual(4);
  // All but the chats, which are the task app's.
  expect(connectionsOf(stack.vllm, /models|lora|v1.completions/)).toBe(1);
  expect(connectionsOf(stack.trainer, /runs/)).toBeLessThanOrEqual(2);
});

test("every decision of an iteration reaches the trainer once, with its tokens", async () => {
  await using stack = await FakeStack.start();
  const { events } = await stack.run();
  for (const { samples } of stack.trainer.steps) expect(new Set(samples.map(({ id }) => id)).size).toBe(2 * 4 * 4);
  expect(ofType(events, "step.finished").map((event) => event.samples)).toEqual([32, 32, 32]);
  expect(ofType(events, "run.finished")[0]!.decisions).toEqual({
    total: 96,
    dropped: 0,
    invalidActions: 48,
    invalidDecisions: 24,
  });
});

test("two runs of one seed meet the same worlds, whatever they are called and rewarded for", async () => {
  await using stack = await FakeStack.start();
  const worlds = async (change: Parameters<typeof stack.spec>[0]) => {
    const { events } = await stack.run(stack.spec(change));
    return {
      trained: ofType(events, "rollout.finished").flatMap((event) =>
        event.episodes.map((episode) => episode.envSeed),
      ),
      heldOut: ofType(events, "evaluation.finished").map((event) => event.episodes.map((episode) => episode.envSeed)),
      random: ofType(events, "baseline.finished").map((event) =>
        event.episodes.map((episode) => episode.trajectoryHash),
      ),
    };
  };
  const one = await worlds((spec) => (spec.name = "one"));
  const two = await worlds((spec) =>
    Object.assign(spec, { name: "two", reward: { ...spec.reward, stepwise: false } }),
  );
  expect(two).toEqual(one);
  expect(new Set(one.trained).size).toBe(3 * 2);
  const other = await worlds((spec) => Object.assign(spec, { name: "three", seed: 8 }));
  expect(other.random).toEqual(one.random);
  expect(other.trained).not.toEqual(one.trained);
});

/** Every episode of a run by its id: what the environment was given, and what came of it. */
function episodes(events: readonly RunEvent[]) {
  return events.flatMap((event) => ("episodes" in event ? event.episodes : []));
}

test("every episode, trained on or not, has its seed, its actions and its hash in the record", async () => {
  await using stack = await FakeStack.start();
  const all = episodes((await stack.run()).events);
  // 3 random, 3 × 3 held out, 3 iterations of 8.
  expect(all.length).toBe(3 + 9 + 24);
  const played = new Map(stack.taskApp.requests.map((body) => [body.run_id, body.env.seed]));
  for (const { id, envSeed, actions, decisions, trajectoryHash } of all) {
    expect(played.get(id)).toBe(envSeed);
    expect(actions.length).toBe(decisions);
    expect(trajectoryHash).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("the same run twice has the same record, episode by episode", async () => {
  await using stack = await FakeStack.start();
  const [one, two] = [await stack.run(), await stack.run()];
  expect(episodes(two.events)).toEqual(episodes(one.events));
  const hash = (events: typeof one.events) => ofType(events, "run.finished")[0]!.trajectoryHash;
  expect(hash(two.events)).toBe(hash(one.events));
});

test("the record begins with everything that decides the outcome, and with no address", async () => {
  await using stack = await FakeStack.start();
  const spec = stack.spec();
  const [started] = ofType((await stack.run(spec)).events, "run.started");
  const { version, name, stack: _stack, config, attempt, endpoints, ...decisive } = spec;
  expect(started!.settings).toEqual(decisive);
});

test("runs on one server leave each other's adapters alone, also where one's name begins like the other's", async () => {
  await using stack = await FakeStack.start();
  const other = stack.spec((spec) => (spec.name = "crafter-rl-test-0a1b2c3d-v1"));
  const results = await Promise.all([stack.run(other), stack.run()]);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(results.flatMap(({ lines }) => lines.filter((line) => line.startsWith("WARNING")))).toEqual([]);
});
