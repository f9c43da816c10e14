import type { Report } from "../schema.ts";
import { renderSvg, roomyLegend } from "./svg.ts";

const RUN_PARTS = ["rollout", "step", "sync", "evaluation"] as const;

/** Where the time went: the phases of the command, then inside each run. Runs overlap in time; their bars do not add up to the phase. */
export function phasesChart(report: Report): string {
  const phases = Object.entries(report.phases);
  const rows = ["the whole command", ...report.runs.map((run) => run.name)];
  const series = [
    ...phases.map(([name, seconds]) => ({ name, data: rows.map((_, row) => (row === 0 ? seconds : null)) })),
    ...RUN_PARTS.map((part) => ({ name: part, data: rows.map((_, row) => (row === 0 ? null : report.runs[row - 1]!.seconds[part])) })),
  ];
  return renderSvg({
    grid: { left: 220, right: 30, top: 60, bottom: 40 },
    legend: { ...roomyLegend, itemGap: 16 },
    xAxis: { type: "value", name: "s" },
    yAxis: { type: "category", data: rows, inverse: true, axisLabel: { width: 205, overflow: "truncate" } },
    color: ["#56b4e9", "#0072b2", "#e69f00", "#f0e442", "#999999", "#cc79a7", "#444444", "#009e73", "#d55e00", "#882255", "#117733"],
    series: series.map(({ name, data }) => ({ type: "bar" as const, stack: "time", name, data })),
  }, 140 + 42 * rows.length);
}
