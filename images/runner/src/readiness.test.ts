import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { ConfigError } from "./failure.ts";
import { waitFor } from "./readiness.ts";
import { RunLog } from "./runLog.ts";

const log = new RunLog(new Writable({ write: (_chunk, _encoding, done) => done() }), "r");
const { signal } = new AbortController();

test("waits until the check succeeds", async () => {
  let checks = 0;
  await waitFor(
    "x",
    async () => {
      if (++checks < 2) throw new Error("not yet");
    },
    { signal, log },
  );
  expect(checks).toBe(2);
});

test("gives up in the end, saying what was missing", async () => {
  const waiting = waitFor(
    "vLLM",
    async () => {
      throw new Error("connection refused");
    },
    { signal, log, longestSeconds: 0.5 },
  );
  await expect(waiting).rejects.toThrow("vLLM was not ready within 0.5 s: connection refused");
});

test("a refused key is no reason to wait", async () => {
  await expect(
    waitFor(
      "x",
      async () => {
        throw new ConfigError("refused", "r");
      },
      { signal, log },
    ),
  ).rejects.toThrow("refused");
});
