import type { RunReport } from "../schema.ts";
import { leftAxis, renderSvg, roomyLegend } from "./svg.ts";

/** Mean episode return of each iteration, a line a run. */
export function batchRewardsChart(runs: readonly RunReport[]): string {
  return renderSvg({
    grid: { left: 60, right: 20, top: 64, bottom: 50 },
    legend: roomyLegend,
    xAxis: { type: "value", name: "iteration", nameLocation: "middle", nameGap: 28, min: 1, minInterval: 1 },
    yAxis: leftAxis("mean reward of the batch"),
    series: runs.map((run) => ({
      type: "line" as const,
      name: run.name,
      symbolSize: 7,
      data: run.batchRewards.map((reward, index) => [index + 1, reward]),
    })),
  });
}
