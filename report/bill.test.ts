import { describe, expect, it } from "vitest";
import { billOf } from "./bill.ts";
import { bill as billSchema } from "./billSchema.ts";
import { billLines, billTable } from "./billTable.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { runReport } from "./runReport.ts";
import type { JobUsage, PodUsage, Usage } from "./usage.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const pod = (pair: string, part: string, from: number | null, to: number | null, node = "node-0"): PodUsage =>
  ({ pod: `${pair}-${part}`, part, pair, node: from === null ? null : node, gpus: 1, from: from === null ? null : at(from), to: to === null ? null : at(to) });
const job = (run: string, pair: string, from: number, to: number | null): JobUsage => ({ run, pair, from: at(from), to: to === null ? null : at(to) });

const prices = { date: "2026-01-01", currency: "USD", source: "a list", nodeHour: 12 };
const runs = ["a", "b"].map((name) => runReport(name, fakeEvents({ name, iterations: 2, rewards: [1, 2], before: [1, 1], after: [2, 2] })));
/** Two GPUs from minute 0 to 60; run a lasts three times as long as run b. */
const usage: Usage = {
  version: 1, collectedAt: at(60), pods: [pod("pair-0", "vllm", 0, null), pod("pair-0", "trainer", 0, 60)],
  jobs: [job("a", "pair-0", 10, 40), job("b", "pair-0", 10, 20)],
  quote: { prices, nodeHours: 4, cost: 48 },
};
const bill = (change: Partial<Usage> = {}) => billOf({ ...usage, ...change }, runs);

describe("the bill", () => {
  it("counts GPU time from placement to end, and a node once however many of its GPUs are held", () => {
    expect(bill()).toMatchObject({ gpuSeconds: 7200, nodeHours: 1, cost: 12 });
    expect(billSchema.parse(bill())).toEqual(bill());
  });

  it("shares a pair's time out by how long each run lasted, and the sums make up the whole", () => {
    const { runs: shares, cost, gpuSeconds } = bill();
    expect(shares.map(({ run, cost: sum, gpuSeconds: seconds }) => [run, sum, seconds])).toEqual([["a", 9, 5400], ["b", 3, 1800]]);
    expect([shares.reduce((sum, run) => sum + run.cost!, 0), shares.reduce((sum, run) => sum + run.gpuSeconds, 0)]).toEqual([cost, gpuSeconds]);
  });

  it("says what an unlock an episode cost, and nothing of it for a run that did not finish", () => {
    expect(bill().runs.map(({ costPerUnlock }) => costPerUnlock)).toEqual([4.5, 1.5]);
    const unfinished = runs.map((run) => ({ ...run, state: "failed" as const }));
    expect(billOf(usage, unfinished).runs.map(({ costPerUnlock }) => costPerUnlock)).toEqual([null, null]);
  });

  it("of two pairs on two nodes has the hours of both, and none for a pod that was never placed", () => {
    const two = [pod("pair-0", "vllm", 0, 60), pod("pair-1", "vllm", 30, 60, "node-1"), pod("pair-1", "trainer", null, null, "node-1")];
    expect(bill({ pods: two })).toMatchObject({ gpuSeconds: 5400, nodeHours: 1.5 });
  });

  it("takes the time of the runs for a pair whose pods are gone, and says so", () => {
    const { gpuSeconds, nodeHours, notes } = bill({ pods: [] });
    expect([gpuSeconds, nodeHours, notes[0]]).toEqual([2 * 30 * 60, 0.5, expect.stringContaining("pods of pair-0 are gone")]);
  });

  it("without prices has GPU time and no sum anywhere", () => {
    const unpriced = bill({ quote: { prices: null, nodeHours: 4, cost: null } });
    expect([unpriced.cost, ...unpriced.runs.flatMap(({ cost, costPerUnlock }) => [cost, costPerUnlock])]).toEqual([null, null, null, null, null]);
    expect(billTable(unpriced).header).toEqual(["run", "GPU-hours", "minutes an iteration"]);
    expect(billLines(unpriced).join(" ")).not.toMatch(/USD|null|NaN/);
  });

  it("stands against the quote", () => {
    expect(billLines(bill()).slice(0, 2)).toEqual([
      "Held until 2026-01-01T01:00:00.000Z: 1.00 node-hours, USD 12.00 at USD 12.00 a node-hour (a list, 2026-01-01).",
      "Quoted at most 4.00 node-hours, USD 48.00: 25 % of it was used.",
    ]);
    expect(billTable(bill()).rows).toEqual([["a", "1.50", expect.any(String), "9.00", "4.50"], ["b", "0.50", expect.any(String), "3.00", "1.50"], ["all", "2.00", "-", "12.00", "-"]]);
  });
});
