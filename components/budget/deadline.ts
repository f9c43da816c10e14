import type { Problem } from "../config/problem.ts";
import { leastLifeMinutes, longestRunMinutes, MARGIN_MINUTES } from "../nodePool/lifetime.ts";
import type { Budget, Prices } from "./schema.ts";

export interface DeadlineInput {
  /** Longest run that the stack file allows, whatever it costs. */
  deadlineMinutes: number;
  /** Until the servers are ready, at most. */
  startMinutes: number;
  /** Nodes in use at once, and turns that pairs take on them one after the other. */
  nodes: number;
  waves: number;
  prices?: Prices | undefined;
  budget?: Budget | undefined;
}

/** How long things may live: derived from deadline, budget and prices in one place, so that no two of them disagree. */
export interface Deadline {
  /** A run's Job is ended after so many minutes. */
  runMinutes: number;
  /** A node need not live longer: its own start, for each turn the servers' and the longest run, and giving it back. */
  nodeMinutes: number;
  /** The setting that decides. */
  limit: "deadlineMinutes" | "budget.maxHours" | "budget.maxDollars";
}

/**
 * The longest run and node that deadline and budget allow; pure. A run's clock starts when its servers are ready, so a node
 * lives through start, run and release, as often as pairs take turns on it, and the budget is for all of that.
 *
 * @returns minutes rounded down to whole ones; runMinutes is below 1 where the budget ends before the servers are ready
 */
export function deadlineOf({ deadlineMinutes, startMinutes, nodes, waves, prices, budget }: DeadlineInput): Deadline {
  const limits: [Deadline["limit"], minutes: number][] = [["deadlineMinutes", deadlineMinutes]];
  const needs = { readyWithinMinutes: startMinutes, waves };
  if (budget?.maxHours !== undefined) limits.push(["budget.maxHours", longestRunMinutes(budget.maxHours * 60, needs)]);
  if (budget?.maxDollars !== undefined && prices) limits.push(["budget.maxDollars", longestRunMinutes((budget.maxDollars / (nodes * prices.nodeHour)) * 60, needs)]);
  const [limit, minutes] = limits.reduce((least, each) => (each[1] < least[1] ? each : least));
  const runMinutes = Math.floor(minutes);
  return { runMinutes, nodeMinutes: leastLifeMinutes({ deadlineMinutes: Math.max(0, runMinutes), ...needs }), limit };
}

/** What is wrong with a budget; a run that cannot take one step would cost and show nothing. */
export function budgetProblems(input: DeadlineInput): Omit<Problem, "file">[] {
  const { budget, prices, startMinutes, waves } = input;
  if (budget?.maxDollars !== undefined && !prices) {
    return [{ path: "budget.maxDollars", what: "is a sum, and the file says no price", write: "Write prices: { date, currency, source, nodeHour }, or limit hours with budget.maxHours" }];
  }
  if (budget?.maxDollars !== undefined && prices!.currency !== "USD") {
    return [{ path: "budget.maxDollars", what: `is in dollars, and the prices are in ${prices!.currency}`, write: "Write the prices in USD, or limit hours with budget.maxHours" }];
  }
  const { runMinutes, limit } = deadlineOf(input);
  const needed = budget?.iterationMinutes ?? 0;
  if (runMinutes >= Math.max(1, needed)) return [];
  return [{
    path: limit,
    what: `leaves ${Math.max(0, runMinutes)} minutes for runs beside ${startMinutes} for the servers' start${waves > 1 ? ` in each of ${waves} turns` : ""} and ${MARGIN_MINUTES} for the node's: less than one iteration${budget ? ` of ${needed} minutes` : ""}`,
    write: waves > 1 ? `Raise ${limit}, or gpu.nodeCount, or put more experiments on a pair with placement` : `Raise ${limit}, or use fewer nodes`,
  }];
}
