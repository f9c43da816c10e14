import type { CustomSeriesRenderItem } from "echarts";
import type { Measurement, Report } from "../schema.ts";
import { colourOf, leftAxis, renderSvg } from "./svg.ts";

interface Bar extends Measurement { label: string; colour: string }

const GREY = "#8c8c8c";

/** The two baselines first, then each run's last evaluation, marked where it is not one after a finished training. */
function bars(report: Report): Bar[] {
  const list: Bar[] = [];
  if (report.baselines.random !== null) list.push({ ...report.baselines.random, label: "random policy", colour: GREY });
  if (report.baselines.untrained !== null) list.push({ ...report.baselines.untrained, label: "untrained model", colour: GREY });
  for (const [index, run] of report.runs.entries()) {
    const last = run.evaluation.at(-1);
    if (last === undefined) continue;
    const mark = run.state === "finished" ? `after ${last.iteration} iterations` : `${run.state.toUpperCase()}, after ${last.iteration}`;
    list.push({ ...last, label: `${run.name}\n${mark}`, colour: colourOf(index) });
  }
  return list;
}

/** Draws one interval: value = [category index, low, high]. */
const whisker: CustomSeriesRenderItem = (_params, api) => {
  const low = api.coord([api.value(0), api.value(1)]);
  const high = api.coord([api.value(0), api.value(2)]);
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    ({ type: "line" as const, shape: { x1, y1, x2, y2 }, style: { stroke: "#222", lineWidth: 1.5 } });
  return {
    type: "group" as const,
    children: [line(low[0]!, low[1]!, high[0]!, high[1]!), line(low[0]! - 8, low[1]!, low[0]! + 8, low[1]!), line(high[0]! - 8, high[1]!, high[0]! + 8, high[1]!)],
  };
};

/** Unlocked achievements an episode on the held-out seeds, with 95 % intervals. */
export function unlocksChart(report: Report): string {
  const all = bars(report);
  return renderSvg({
    grid: { left: 60, right: 20, top: 30, bottom: 80 },
    xAxis: { type: "category", data: all.map((bar) => bar.label), axisLabel: { interval: 0, fontSize: 11, width: 150, overflow: "break" } },
    yAxis: { ...leftAxis("unlocks an episode"), min: 0 },
    series: [
      { type: "bar", barWidth: "45%", data: all.map((bar) => ({ value: bar.unlocksPerEpisode, itemStyle: { color: bar.colour } })) },
      { type: "custom", renderItem: whisker, encode: { x: 0, y: [1, 2] }, data: all.map((bar, index) => [index, bar.interval[0], bar.interval[1]]), z: 5 },
    ],
  });
}
