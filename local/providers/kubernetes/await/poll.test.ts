import { expect, test } from "vitest";
import { Cancelled, poll } from "./poll.ts";

const never = new AbortController().signal;

test("polling ends with the first answer", async () => {
  let calls = 0;
  expect(await poll(10, never, async () => (++calls === 2 ? "yes" : undefined))).toBe("yes");
  expect(calls).toBe(2);
});

test("it looks once more at the deadline, and then gives up", async () => {
  const waits: number[] = [];
  const answer = await poll(0.3, never, async (waited) => {
    waits.push(waited);
    return undefined;
  });
  expect(answer).toBeUndefined();
  expect(waits.at(-1)).toBeGreaterThanOrEqual(0.3);
});

test("cancelling ends it at once", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const started = performance.now();
  await expect(poll(60, controller.signal, async () => undefined)).rejects.toBeInstanceOf(Cancelled);
  expect(performance.now() - started).toBeLessThan(5000);
});
