import { expect, test } from "vitest";
import { HttpError, NoAnswerError } from "./http.ts";
import { backoffSeconds, isPassing, withRetries } from "./retry.ts";

const answered = (status: number) => new HttpError("x", "GET", "/", status, "");
const { signal } = new AbortController();

test("no answer, overload and server errors pass; what the caller did wrong does not", () => {
  expect([500, 502, 503, 504, 429].map((status) => isPassing(answered(status)))).toEqual([
    true,
    true,
    true,
    true,
    true,
  ]);
  expect([400, 401, 404, 409, 422].map((status) => isPassing(answered(status)))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(isPassing(new NoAnswerError("x", "GET", "/", "refused"))).toBe(true);
  expect(isPassing(new Error("a bug"))).toBe(false);
});

test("waits grow and are bounded", () => {
  expect([1, 2, 3, 20].map(backoffSeconds)).toEqual([0.5, 1, 2, 15]);
});

test("a passing failure is tried again, as often as allowed, after what `before` does", async () => {
  let tries = 0;
  const before: number[] = [];
  const failing = withRetries(
    async () => {
      tries += 1;
      throw answered(500);
    },
    {
      retries: 1,
      signal,
      before: async (_error, retry) => void before.push(retry),
    },
  );
  await expect(failing).rejects.toThrow("answered 500");
  expect([tries, before]).toEqual([2, [1]]);
});

test("a lasting failure is not tried again", async () => {
  let tries = 0;
  await expect(
    withRetries(
      async () => {
        tries += 1;
        throw answered(422);
      },
      { retries: 5, signal },
    ),
  ).rejects.toThrow("422");
  expect(tries).toBe(1);
});

test("an abort ends the waiting", async () => {
  const stop = new AbortController();
  const waiting = withRetries(
    async () => {
      stop.abort();
      throw answered(500);
    },
    { retries: 5, signal: stop.signal },
  );
  await expect(waiting).rejects.toThrow("500");
});
