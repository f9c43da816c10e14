import { expect } from "vitest";
import type { RunSpec } from "../src/runSpec.ts";
import { type FakeStack, ofType } from "./fakeStack.ts";

/** Lets a fault begin with the rollouts of iteration 2, when all was well before. */
export function inIteration2(stack: FakeStack, begin: () => void): void {
  stack.taskApp.fault.onRollout = (body) => void (body.run_id.includes("-i2-") && begin());
}

/** A run that must fail, and say so as every failure is said. */
export async function failing(stack: FakeStack, spec?: RunSpec) {
  const { code, events, lines } = await stack.run(spec);
  const [failed, more] = ofType(events, "run.failed");
  expect(more).toBeUndefined();
  expect(ofType(events, "run.finished")).toEqual([]);
  expect(events.at(-1)).toBe(failed);
  // The cause and what to do stand in the last line, where whoever looks at a failed Job looks first.
  expect(lines.at(-1)).toContain(failed!.reason);
  expect(lines.at(-1)).toContain(failed!.remedy);
  expect(lines.join("\n")).not.toContain("Training completed");
  return { code, events, reason: failed!.reason, iteration: failed!.iteration };
}
