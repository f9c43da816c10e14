import { RELEASE_MINUTES } from "../nodePool/lifetime.ts";
import type { Quote } from "./quote.ts";
import type { Budget } from "./schema.ts";

/** A sum with its currency, two digits behind the point. */
export const money = (sum: number, currency: string): string => `${currency} ${sum.toFixed(2)}`;

const hours = (minutes: number) => `${(minutes / 60).toFixed(2)} h`;
const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** The quote in words, a sentence a line: the cap, where it comes from, and the experiments. */
export function quoteText({ prices, nodes, waves, startMinutes, marginMinutes, deadline, nodeHours, cap, experiments }: Quote): string[] {
  const life = `${count(nodes, "node")} × ${hours(deadline.nodeMinutes)} (${waves > 1 ? `${waves} turns of ` : ""}servers ${startMinutes} min, runs ${deadline.runMinutes} min by ${deadline.limit}${waves > 1 ? `, ${RELEASE_MINUTES} min between them` : ""}, node ${marginMinutes} min)`;
  if (!prices || cap === null) return [`at most ${life} = ${nodeHours.toFixed(2)} node-hours; no sum, since the file says no prices`];
  const costs = experiments.map(({ cost }) => cost ?? 0);
  const [least, most] = [Math.min(...costs), Math.max(...costs)].map((cost) => money(cost, prices.currency));
  return [
    `at most ${money(cap, prices.currency)} = ${life} × ${money(prices.nodeHour, prices.currency)} a node-hour (${prices.source}, ${prices.date})`,
    `runs at most ${experiments.length > 1 ? `${least === most ? least : `${least} to ${most}`} each of ${experiments.length}` : least}; the start of servers and nodes is the rest`,
  ];
}

/** Runs that the deadline will end before their last iteration, by the estimate of the budget. */
export function unfinished(quote: Quote, budget: Budget, specs: readonly { name: string; training: { iterations: number } }[]): string[] {
  const fitting = Math.floor(quote.deadline.runMinutes / budget.iterationMinutes);
  const cut = specs.filter(({ training }) => training.iterations > fitting);
  if (cut.length === 0) return [];
  const names = cut.slice(0, 3).map(({ name, training }) => `${name} (${training.iterations})`).join(", ");
  return [`${quote.deadline.limit} has room for ${count(fitting, "iteration")} of ${budget.iterationMinutes} min; these runs have more and will be ended: `
    + `${names}${cut.length > 3 ? ` and ${cut.length - 3} others` : ""}`];
}
