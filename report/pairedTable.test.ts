import { expect, test } from "vitest";
import { buildReport } from "./build.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { mismatchTable } from "./pairedTable.ts";

test("a run's staleness and how much of it was corrected stand beside the mismatch, and make it another experiment", () => {
  const run = (name: string, staleness: 0 | 1) =>
    [name, fakeEvents({ name, iterations: 3, rewards: [0.1, 0.2, 0.3], before: [0], after: [1], staleness, settings: { training: { staleness }, reward: { name } } })] as const;
  const report = buildReport({
    stack: "local", createdAt: new Date(0), phases: {}, jobFailures: new Map(), usage: null, inventoryAfter: [], events: new Map([run("fresh", 0), run("ahead", 1)]),
  });
  expect(mismatchTable(report).rows.map((row) => [row[0], ...row.slice(-2)])).toEqual([["ahead", "0, 1", "6.0e-2"], ["fresh", "0", "-"]]);
  expect(report.settingsDifferences.map(({ field }) => field)).toEqual(["training.staleness"]);
});
