import { expect, test } from "vitest";
import { Capture } from "../test/fakeStack.ts";
import { parseEventLine } from "./events.ts";
import { RunLog } from "./runLog.ts";

test("events are numbered lines that the schema reads, and lines for people are not", async () => {
  const out = new Capture();
  const log = new RunLog(out, "r");
  await log.event({ type: "run.warning", iteration: 1, message: "a\nb" });
  await log.info("for people");
  await log.event({ type: "run.warning", iteration: 2, message: "c" });
  expect(out.lines.map((line) => parseEventLine(line)?.seq ?? null)).toEqual([1, null, 2]);
});

test("an event that breaks the schema is not written and takes no number", async () => {
  const out = new Capture();
  const log = new RunLog(out, "r");
  expect(() => log.event({ type: "run.warning", iteration: -1, message: "x" })).toThrow("iteration");
  await log.event({ type: "run.warning", iteration: 1, message: "x" });
  expect(out.events.map((event) => event.seq)).toEqual([1]);
});

test("a resumed log goes on with its number", async () => {
  const out = new Capture();
  const log = new RunLog(out, "r");
  log.seq = 41;
  await log.event({ type: "run.warning", iteration: 1, message: "x" });
  expect(out.events[0]!.seq).toBe(42);
});
