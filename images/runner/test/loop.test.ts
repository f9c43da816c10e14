import { expect, test } from "vitest";
import { FakeStack, ofType } from "./fakeStack.ts";

test("a run plays, steps and syncs once an iteration, and ends with its rewards", async () => {
  await using stack = await FakeStack.start();
  const { code, events, lines } = await stack.run();

  console.log(lines.filter((line) => !line.startsWith("{")).join("\n"));
  expect(code).toBe(0);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.map((event) => event.type)).toEqual([
    "run.started", "sync.finished", "baseline.finished", "evaluation.finished",
    "rollout.finished", "step.finished", "sync.finished",
    "rollout.finished", "step.finished", "sync.finished", "evaluation.finished",
    "rollout.finished", "step.finished", "sync.finished", "evaluation.finished", "run.finished",
  ]);
  const [finished] = ofType(events, "run.finished");
  const rewards = finished!.batchRewards.map((reward) => Number(reward.toFixed(4)));
  expect(lines.slice(-2)).toEqual([
    "INFO - 🎉 Training completed successfully!",
    `INFO - All batch rewards: [${rewards.join(", ")}]`,
  ]);
  expect(stack.vllm.loaded).toEqual([]);
  expect(stack.vllm.mostLoaded).toBe(2);
  expect(new Set(stack.vllm.loads).size).toBe(stack.vllm.loads.length);
});
