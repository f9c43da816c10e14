import { expect, it } from "vitest";
import { keep, readLedger, writeLedger } from "./ledger.ts";
import type { PodUsage } from "./podUsage.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const pod = (name: string, from: number | null, to: number | null = null): PodUsage =>
  ({ pod: name, part: "vllm", pair: "pair-0", node: "node-0", gpus: 1, from: from === null ? null : at(from).toISOString(), to: to === null ? null : at(to).toISOString() });

it("keeps a pod that is gone, until the moment when that was seen", () => {
  expect(keep([pod("a", 0)], [], at(9))).toEqual([pod("a", 0, 9)]);
  expect(keep([pod("a", 0, 9)], [], at(20))).toEqual([pod("a", 0, 9)]);
});

it("takes from a pod that is there what it says itself", () => {
  expect(keep([pod("a", 0)], [pod("a", 0, 7)], at(9))).toEqual([pod("a", 0, 7)]);
  expect(keep([pod("a", 0, 9)], [pod("b", 10)], at(12))).toEqual([pod("a", 0, 9), pod("b", 10)]);
});

it("does not keep a pod that was never placed", () => expect(keep([], [pod("a", null)], at(1))).toEqual([]));

it("is read as it was written, and is empty before that", () => {
  expect(readLedger(writeLedger([pod("a", 0, 3)]))).toEqual([pod("a", 0, 3)]);
  expect(readLedger(undefined)).toEqual([]);
  expect(() => readLedger({ "pods.json": '{"version":2}' })).toThrow();
});
