import { billLines, billTable } from "./billTable.ts";
import { methods, mismatchTable, pairedTable } from "./pairedTable.ts";
import type { Report } from "./schema.ts";
import { achievementTable, comparisonTable } from "./table.ts";
import { markdownTable } from "./text.ts";

/** Walkthrough-style list of a run's batch rewards. */
export const rewardList = (rewards: readonly number[]): string => `[${rewards.map((reward) => Number(reward.toFixed(4))).join(", ")}]`;

/** report.md: the findings first, then the numbers they stand on. */
export function markdownReport(report: Report): string {
  const inventory = report.inventoryAfter;
  return `${[
    `# ${report.stack}: which reward teaches?`,
    `Made ${report.createdAt}. Unlocks are unlocked achievements an episode on held-out seeds, with 95 % intervals.`,
    "## Findings", ...report.findings.map((finding) => `- ${finding}`),
    "## Runs", markdownTable(comparisonTable(report)),
    "Batch rewards are each run's own reward and do not compare between runs:",
    ...report.runs.map((run) => `- ${run.name}: \`${rewardList(run.batchRewards)}\``),
    ...report.runs.flatMap((run) => run.warnings.map((warning) => `- ${run.name}, warning: ${warning}`)),
    "## Compared world by world", markdownTable(pairedTable(report)), ...methods(report).map((method) => `- ${method}`),
    "## Sampler against trainer, the worst step of each run", markdownTable(mismatchTable(report)),
    "## Achievements: held-out episodes in which each was unlocked, before → after", markdownTable(achievementTable(report)),
    ...(report.bill ? ["## Bill", markdownTable(billTable(report.bill)), ...billLines(report.bill).map((line) => `- ${line}`)] : []),
    "## Time", ...Object.entries(report.phases).map(([phase, seconds]) => `- ${phase}: ${seconds.toFixed(1)} s`),
    "## After teardown",
    inventory === null ? "The stack is still up." : inventory.length === 0 ? "Nothing is left." : inventory.map((item) => `- LEFT: ${item}`).join("\n"),
  ].join("\n\n").replaceAll(/(\n- [^\n]*)\n(?=\n- )/g, "$1")}\n`;
}
