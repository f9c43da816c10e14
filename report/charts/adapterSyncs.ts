import type { RunEvent } from "../../images/runner/src/events.ts";
import { lastOfIteration, ofType, orderEvents } from "../eventOrder.ts";
import { leftAxis, renderSvg, roomyLegend } from "./svg.ts";

/** Seconds from a finished step to the first token of its adapter, a point a version. */
export function adapterSyncsChart(events: ReadonlyMap<string, readonly RunEvent[]>): string {
  return renderSvg({
    grid: { left: 60, right: 20, top: 64, bottom: 50 },
    legend: roomyLegend,
    xAxis: { type: "value", name: "adapter version", nameLocation: "middle", nameGap: 28, minInterval: 1 },
    yAxis: { ...leftAxis("sync, s"), min: 0 },
    series: [...events].sort(([a], [b]) => a.localeCompare(b)).map(([name, list]) => ({
      type: "line" as const,
      name,
      symbolSize: 7,
      data: lastOfIteration(ofType(orderEvents(list), "sync.finished"))
        .map((sync) => [sync.adapter.version, sync.saveSeconds + sync.loadSeconds + sync.firstTokenSeconds]),
    })),
  });
}
