import type { RunEvent } from "../images/runner/src/events.ts";
import { billLines, billTable } from "./billTable.ts";
import { adapterSyncsChart } from "./charts/adapterSyncs.ts";
import { batchRewardsChart } from "./charts/batchRewards.ts";
import { phasesChart } from "./charts/phases.ts";
import { unlocksChart } from "./charts/unlocks.ts";
import { rewardList } from "./markdown.ts";
import { methods, mismatchTable, pairedTable } from "./pairedTable.ts";
import type { Report } from "./schema.ts";
import { achievementTable, comparisonTable } from "./table.ts";
import { escapeHtml, htmlTable } from "./text.ts";

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;font-size:.78rem;display:block;overflow-x:auto}
td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left}td{white-space:nowrap}th{background:#f3f3f3;vertical-align:bottom}
svg{max-width:100%;height:auto}li.bad{color:#a40000;font-weight:600}code{font-size:.85em;overflow-wrap:anywhere}.small{color:#555;font-size:.85rem}`;

const section = (title: string, ...parts: string[]) => `<section><h2>${escapeHtml(title)}</h2>\n${parts.join("\n")}</section>`;
const note = (text: string) => `<p class="small">${escapeHtml(text)}</p>`;
const list = (items: readonly string[], bad: (item: string) => boolean) =>
  `<ul>${items.map((item) => `<li${bad(item) ? ' class="bad"' : ""}>${escapeHtml(item)}</li>`).join("")}</ul>`;

/** report.html: one file without scripts, fonts or links, so that it reads the same in a year and in a mail. */
export function htmlReport(report: Report, events: ReadonlyMap<string, readonly RunEvent[]>): string {
  const troubled = new Set(report.runs.filter((run) => run.state !== "finished").map((run) => run.name));
  const warnings = report.runs.flatMap((run) => run.warnings.map((warning) => `${run.name}: ${warning}`));
  const inventory = report.inventoryAfter;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(report.stack)}: which reward teaches?</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(report.stack)}: which reward teaches?</h1>
${note(`Made ${report.createdAt} by rewardlab. Unlocks are unlocked achievements an episode on held-out seeds.`)}
${section("Findings", list(report.findings, (item) => item.includes("MORE THAN THE REWARD") || [...troubled].some((name) => item.startsWith(`${name} `))))}
${section("Unlocked achievements on the held-out seeds", unlocksChart(report), note("Bars: mean. Whiskers: 95 % interval. The same seeds and the same metric for all, whatever the training reward."))}
${section("Runs", htmlTable(comparisonTable(report)), warnings.length > 0 ? list(warnings, () => true) : "")}
${section("Compared world by world", htmlTable(pairedTable(report)), note(methods(report).join("; ")))}
${section("Reward a batch", batchRewardsChart(report.runs), note("Each run's own reward: the shape of a line says something, its height does not compare with another run's."),
    `<ul>${report.runs.map((run) => `<li>${escapeHtml(run.name)}: <code>${rewardList(run.batchRewards)}</code></li>`).join("")}</ul>`)}
${section("Achievements by run", note("Held-out episodes in which each was unlocked, before → after training."), htmlTable(achievementTable(report)))}
${section("Sampler against trainer", note("Log-probabilities of the same tokens; the worst step of each run. Above guards.maxLogprobDelta a run ends."), htmlTable(mismatchTable(report)))}
${report.bill ? section("Bill", htmlTable(billTable(report.bill)), list(billLines(report.bill), () => false)) : ""}
${section("Time by phase", phasesChart(report), note("Runs share one pair and overlap in time, so their bars do not add up to the phase."))}
${section("Adapter syncs", adapterSyncsChart(events), note("Saved by the trainer, loaded by vLLM, first token out."))}
${section("After teardown", inventory === null ? "<p>The stack is still up.</p>" : inventory.length === 0 ? "<p>Nothing is left.</p>" : list(inventory, () => true))}
</body></html>
`;
}
