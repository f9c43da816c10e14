import { expect, test } from "vitest";
import { Cancelled, nextInterval, poll } from "./poll.ts";

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

test("the looks get rarer while it waits", async () => {
  let looks = 0;
  await poll(1.5, never, async () => void looks++);
  // At 0, 0.2, 0.5, 0.95 and 1.5 s, and once more where a timer was early; a look each 0.2 s would be the eighth or ninth.
  expect(looks).toBeLessThanOrEqual(6);
});

test("cancelling ends it at once", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const started = performance.now();
  await expect(poll(60, controller.signal, async () => undefined)).rejects.toBeInstanceOf(Cancelled);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("what has waited for long is asked for less often: each second at first, each ten at last", () => {
  const intervals = (waited: number[]) => waited.reduce<number[]>((all, seconds) => [...all, nextInterval(all.at(-1) ?? 200, seconds)], []);
  expect(intervals([0.2, 0.5, 1, 2, 3, 30])).toEqual([300, 450, 675, 1000, 1000, 1000]);
  expect(intervals([60, 60, 60, 60, 60, 60]).at(-1)).toBe(2000);
  expect([nextInterval(2000, 60), nextInterval(10_000, 300), nextInterval(10_000, 3000)]).toEqual([2000, 10_000, 10_000]);
});
