import { describe, expect, it } from "vitest";
import { violationsOf } from "../policy/rules.ts";
import { revealed } from "./record.ts";
import { recordStack } from "./stacks.ts";

/** The policy pack against the program itself. How each rule is broken: policy/rules.test.ts. */
const planned = async (stack: "dev" | "local", change: Record<string, unknown> = {}) =>
  (await recordStack(stack, change)).resources.filter(({ read }) => !read).map(({ type, name, inputs }) => ({ type, name, props: revealed(inputs) }));

describe.each(["dev", "local"] as const)("stack %s", (stack) => {
  it("has no object that a rule forbids", async () => expect(violationsOf(await planned(stack))).toEqual([]));
});

it("a setting of a stack can break a rule, and is told with the resource", async () => {
  const violations = violationsOf(await planned("dev", { vllm: { env: { EXTRA: `hf_${"a1B2".repeat(9)}` } } }));
  expect(violations.map(({ name, rule }) => [name, rule])).toEqual([["pair-0-vllm-deployment", "no-secret-literals"]]);
});
