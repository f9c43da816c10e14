import * as echarts from "echarts";

/** Size of every picture, in CSS pixels. */
const WIDTH = 860;
const HEIGHT = 340;

/** One colour a run in the order of the report; Okabe and Ito's palette, which colour-blind readers can tell apart. */
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"] as const;

export const colourOf = (index: number): string => COLOURS[index % COLOURS.length]!;

/** A value axis whose name starts at the picture's edge instead of being cut off by it. */
export const leftAxis = (name: string) => ({ type: "value" as const, name, nameTextStyle: { align: "left" as const, padding: [0, 0, 0, -40] } });

/** A legend with room for real text: without a browser ECharts estimates text as narrower than it is drawn. */
export const roomyLegend = { top: 5, itemGap: 36 } as const;

/** Renders an ECharts option to an SVG text without a browser. No animation and no tool tip: the picture stands alone. */
export function renderSvg(option: echarts.EChartsOption, height: number = HEIGHT): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  try {
    chart.setOption({ animation: false, color: [...COLOURS], textStyle: { fontFamily: "system-ui, sans-serif" }, ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
