import type { Bill } from "./billSchema.ts";
import type { Table } from "./table.ts";

/** The bill as texts; without prices, GPU time alone. */

const hours = (seconds: number) => (seconds / 3600).toFixed(2);
const minutes = (value: number | null) => (value === null ? "-" : value.toFixed(1));

/** One row a run, then the whole stack; sums only where there are prices. */
export function billTable({ runs, gpuSeconds, cost, prices }: Bill): Table {
  const sum = (value: number | null) => (value === null ? "-" : value.toFixed(2));
  const sums = (...cells: string[]) => (prices ? cells : []);
  return {
    header: ["run", "GPU-hours", "minutes an iteration", ...sums(`cost ${prices?.currency}`, `${prices?.currency} for an unlock an episode`)],
    rows: [
      ...runs.map((run) => [run.run, hours(run.gpuSeconds), minutes(run.iterationMinutes), ...sums(sum(run.cost), sum(run.costPerUnlock))]),
      ["all", hours(gpuSeconds), "-", ...sums(sum(cost), "-")],
    ],
  };
}

/** Quote against bill, and what the bill leaves out; a sentence each. */
export function billLines({ nodeHours, cost, prices, quote, notes, collectedAt }: Bill): string[] {
  const amount = (node: number, sum: number | null) => `${node.toFixed(2)} node-hours${prices && sum !== null ? `, ${prices.currency} ${sum.toFixed(2)}` : ""}`;
  return [
    `Held until ${collectedAt}: ${amount(nodeHours, cost)}${prices ? ` at ${prices.currency} ${prices.nodeHour.toFixed(2)} a node-hour (${prices.source}, ${prices.date})` : "; no sums, since the stack file says no prices"}.`,
    ...(quote ? [`Quoted at most ${amount(quote.nodeHours, quote.cost)}: ${((100 * nodeHours) / quote.nodeHours).toFixed(0)} % of it was used.`] : []),
    ...notes,
  ];
}
