import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildReport } from "./build.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { report as reportSchema } from "./schema.ts";
import { writeReport } from "./write.ts";

const events = new Map([
  ["crafter-rl-outcome", fakeEvents({ name: "crafter-rl-outcome", iterations: 3, rewards: [0.1, 0.3, 0.5], before: [0, 1], after: [1, 2] })],
  ["<b>odd", fakeEvents({ name: "<b>odd", iterations: 3, rewards: [0, 0, 0], before: [0, 1], after: [0, 1] }).slice(0, 5)],
]);
const report = buildReport({ stack: "local", createdAt: new Date(0), phases: { runs: 10, up: 5 }, events, jobFailures: new Map(), inventoryAfter: null });

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

test("baselines come from version 0 and from the random policy", () => {
  expect(report.baselines.untrained).toEqual({ episodes: 2, unlocksPerEpisode: 0.5, interval: [0.3, 0.7] });
  expect(report.baselines.random!.unlocksPerEpisode).toBe(0.3);
});
