import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sendSignal } from "./signal.ts";

test("a process gets the signal, and one that has ended is no error", async () => {
  const child = spawn("sleep", ["60"]);
  const ended = once(child, "exit");
  expect(sendSignal(child.pid!, "SIGTERM")).toBe(true);
  expect(await ended).toEqual([null, "SIGTERM"]);
  expect(sendSignal(child.pid!, "SIGTERM")).toBe(false);
});

test("what else the kernel refuses is thrown", () => {
  expect(() => sendSignal(process.pid, "SIGNOT" as NodeJS.Signals)).toThrow(/SIGNOT/);
});
