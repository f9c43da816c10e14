import { expect, test } from "vitest";
import { unknownOptions } from "./command.ts";
import { errorText, EXIT, exitCodeOf, Interrupted, UserError } from "./exit.ts";
import { PhaseClock } from "./phaseClock.ts";
import { openScreen } from "./screen.ts";

test("a misspelt option is noticed, a known one in either spelling is not", () => {
  const args = { runName: { type: "string", alias: "r" }, keep: { type: "boolean" } } as const;
  expect(unknownOptions(["_", "run-name", "runName", "r", "kepp"], args)).toEqual(["kepp"]);
});

test("exit codes tell input errors, failures and interrupts apart", () => {
  expect(exitCodeOf(new UserError("x"))).toBe(EXIT.config);
  expect(exitCodeOf(new Interrupted("x"))).toBe(EXIT.interrupted);
  expect(exitCodeOf(new Error("x"))).toBe(EXIT.failed);
  expect(exitCodeOf({ exitCode: 78 })).toBe(78);
});

test("an error for people shows no stack, an unforeseen one does", () => {
  expect(errorText(new UserError("do this"))).toBe("do this");
  expect(errorText(new Error("surprise"))).toContain("command.test.ts");
});

test("a phase is timed even when it throws, and twice adds up", async () => {
  let now = 0;
  const lines: string[] = [];
  const clock = new PhaseClock(openScreen((text) => lines.push(text), () => now));
  await clock.time("up", "first", async () => void (now += 1500));
  await expect(clock.time("up", "second", async () => { now += 500; throw new Error("no"); })).rejects.toThrow("no");
  expect(clock.seconds).toEqual({ up: 2 });
  expect(lines.at(-1)).toBe("    2.0 s  up: 0.5 s\n");
});
