import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildReport } from "./build.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { htmlReport } from "./html.ts";
import { markdownReport } from "./markdown.ts";
import { report as reportSchema } from "./schema.ts";
import type { Usage } from "./usage.ts";
import { writeReport } from "./write.ts";

const events = new Map([
  ["crafter-rl-outcome", fakeEvents({ name: "crafter-rl-outcome", iterations: 3, rewards: [0.1, 0.3, 0.5], before: [0, 1], after: [1, 2] })],
  ["twin", fakeEvents({ name: "twin", iterations: 3, rewards: [0.1, 0.3, 0.5], before: [0, 1], after: [1, 2], settings: { training: { learningRate: 0.01 }, reward: {} } })],
  ["<b>odd", fakeEvents({ name: "<b>odd", iterations: 3, rewards: [0, 0, 0], before: [0, 1], after: [0, 1] }).slice(0, 5)],
]);
const hour = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-01T01:00:00.000Z" };
const usage: Usage = {
  version: 1, collectedAt: hour.to,
  pods: ["vllm", "trainer"].map((part) => ({ pod: `pair-0-${part}`, part, pair: "pair-0", node: "node-0", gpus: 1, ...hour })),
  jobs: ["crafter-rl-outcome", "twin", "<b>odd"].map((run) => ({ run, pair: "pair-0", ...hour })),
  quote: { prices: { date: "2026-01-01", currency: "USD", source: "a list", nodeHour: 12 }, nodeHours: 5, cost: 60 },
};
const report = buildReport({ stack: "local", createdAt: new Date(0), phases: { runs: 10, up: 5 }, events, jobFailures: new Map(), usage, inventoryAfter: null });

test("the three files are written, the JSON is of schema version 1 and equal to the report", async () => {
  const directory = await mkdtemp(join(tmpdir(), "report-"));
  try {
    const files = await writeReport(directory, report, events);
    expect(reportSchema.parse(JSON.parse(await readFile(files.json, "utf8")))).toEqual(report);
    expect(await readFile(files.markdown, "utf8")).toContain("## Findings");
    const html = await readFile(files.html, "utf8");
    expect(html.match(/<svg/g)).toHaveLength(4);
    // Self-contained: nothing is fetched and nothing runs when it is opened.
    expect(html).not.toMatch(/<script|<link|<img|(?:src|href)="http|url\((?!#)/i);
    expect(html).not.toContain("<b>odd");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the bill, its prices with their day and the quote are in all three files, and nothing of it where the cluster was not asked", () => {
  expect(report.bill).toMatchObject({ nodeHours: 1, cost: 12, quote: { nodeHours: 5, cost: 60 } });
  const files = (from: typeof report) => [markdownReport(from), htmlReport(from, events)];
  for (const text of files(report)) {
    for (const words of ["cost USD", "USD 12.00 a node-hour (a list, 2026-01-01)", "Quoted at most 5.00 node-hours, USD 60.00: 20 % of it was used."]) expect(text).toContain(words);
  }
  for (const text of files({ ...report, bill: null })) expect(text).not.toMatch(/Bill|cost/);
});

test("comparisons, their methods, the mismatch of each step and what differs besides the reward are in all three files", async () => {
  const [markdown, html] = [markdownReport(report), htmlReport(report, events)];
  expect(report.comparisons.map(({ a, b, pairs }) => [a, b, pairs])).toEqual([["crafter-rl-outcome", "the untrained model", 2], ["twin", "the untrained model", 2], ["crafter-rl-outcome", "twin", 2]]);
  expect(report.settingsDifferences.map(({ field }) => field)).toEqual(["training.learningRate"]);
  expect(report.runs.find(({ name }) => name === "twin")!.mismatchSteps[2]).toEqual({ iteration: 3, kl: 2e-8, meanRatio: 1, meanAbsLogprobDelta: 3e-6, clippedShare: 0, staleness: 0, offPolicyDelta: null });
  for (const text of [markdown, html]) {
    expect(text).toContain("exact paired sign-flip test");
    expect(text).toContain("paired by world: ");
    expect(text).toContain("mismatch_kl");
    expect(text).toContain("MORE THAN THE REWARD");
  }
});

test("baselines come from version 0 and from the random policy", () => {
  expect(report.baselines.untrained).toEqual({ episodes: 2, unlocksPerEpisode: 0.5, interval: [0.3, 0.7], intervalMethod: "made up" });
  expect(report.baselines.random!.unlocksPerEpisode).toBe(0.3);
});
