import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { mapConcurrently } from "./pool.ts";

const { signal } = new AbortController();

test("never more than the limit, never fewer while there is work, results in order", async () => {
  let [running, most] = [0, 0];
  const items = Array.from({ length: 20 }, (_, index) => index);
  const results = await mapConcurrently(items, 3, signal, async (item) => {
    most = Math.max(most, ++running);
    await sleep((item % 4) * 2);
    running -= 1;
    return item * item;
  });
  expect(results).toEqual(items.map((item) => item * item));
  expect(most).toBe(3);
});

test("a slow item holds up no other", async () => {
  const ended: string[] = [];
  const others = Promise.withResolvers<void>();
  await mapConcurrently(["slow", "a", "b", "c"], 2, signal, async (item) => {
    if (item === "slow") await others.promise;
    if (ended.push(item) === 3) others.resolve();
  });
  expect(ended).toEqual(["a", "b", "c", "slow"]);
});

test("the first failure stops the others and is the one that is thrown", async () => {
  let started = 0;
  const work = mapConcurrently([1, 2, 3, 4], 2, signal, async (item, stop) => {
    started += 1;
    if (item === 1) throw new Error("first");
    await sleep(10_000, undefined, { signal: stop });
  });
  await expect(work).rejects.toThrow("first");
  expect(started).toBe(2);
});

test("an abort from outside is passed on", async () => {
  const stop = new AbortController();
  const work = mapConcurrently([1], 1, stop.signal, async (_item, inner) => {
    stop.abort(new Error("told to stop"));
    inner.throwIfAborted();
  });
  await expect(work).rejects.toThrow("told to stop");
});
