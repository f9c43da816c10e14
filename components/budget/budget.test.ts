import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MARGIN_MINUTES, RELEASE_MINUTES } from "../nodePool/lifetime.ts";
import { packExperiments } from "../packing.ts";
import { budgetProblems, deadlineOf, type DeadlineInput } from "./deadline.ts";
import { quoteOf } from "./quote.ts";
import { quoteText, unfinished } from "./quoteText.ts";
import { pricesSection } from "./schema.ts";

const prices = { date: "2026-11-23", currency: "USD", source: "a list", nodeHour: 12 };
const plain: DeadlineInput = { deadlineMinutes: 240, startMinutes: 45, nodes: 1, waves: 1 };

describe("the deadline", () => {
  it("without a budget is the stack's, and a node lives through its start, the servers', the run and its release", () => {
    expect(deadlineOf(plain)).toEqual({ runMinutes: 240, nodeMinutes: 45 + 240 + MARGIN_MINUTES, limit: "deadlineMinutes" });
  });

  it("comes from the tightest of deadline, hours and dollars", () => {
    const budget = { iterationMinutes: 1 };
    expect(deadlineOf({ ...plain, budget: { ...budget, maxHours: 2 } })).toEqual({ runMinutes: 60, nodeMinutes: 120, limit: "budget.maxHours" });
    expect(deadlineOf({ ...plain, prices, budget: { ...budget, maxHours: 2, maxDollars: 18 } })).toEqual({ runMinutes: 30, nodeMinutes: 90, limit: "budget.maxDollars" });
    expect(deadlineOf({ ...plain, nodes: 2, prices, budget: { ...budget, maxDollars: 48 } })).toMatchObject({ nodeMinutes: 120 });
  });

  it("leaves room for every turn: each starts its own servers, and takes a place that was given back before", () => {
    expect(deadlineOf({ ...plain, waves: 3 })).toMatchObject({ runMinutes: 240, nodeMinutes: 3 * (45 + 240) + 2 * RELEASE_MINUTES + MARGIN_MINUTES });
    expect(deadlineOf({ ...plain, waves: 2, budget: { iterationMinutes: 1, maxHours: 4 } })).toEqual({ runMinutes: (240 - MARGIN_MINUTES - RELEASE_MINUTES - 1) / 2 - 45, nodeMinutes: 239, limit: "budget.maxHours" });
  });

  it("never lets the nodes cost more than the budget, nor live longer than its hours", () => {
    fc.assert(fc.property(fc.record({
      nodes: fc.integer({ min: 1, max: 100 }), waves: fc.integer({ min: 1, max: 9 }), nodeHour: fc.double({ min: 0.1, max: 200, noNaN: true }), startMinutes: fc.integer({ min: 1, max: 60 }),
      maxDollars: fc.double({ min: 1, max: 1e5, noNaN: true }), maxHours: fc.double({ min: 0.1, max: 100, noNaN: true }), deadlineMinutes: fc.integer({ min: 1, max: 10_000 }),
    }), ({ nodes, waves, nodeHour, startMinutes, maxDollars, maxHours, deadlineMinutes }) => {
      const input: DeadlineInput = { deadlineMinutes, startMinutes, nodes, waves, prices: { ...prices, nodeHour }, budget: { maxDollars, maxHours, iterationMinutes: 1 } };
      if (budgetProblems(input).length > 0) return;
      const { nodeMinutes, runMinutes } = deadlineOf(input);
      expect((nodeMinutes / 60) * nodes * nodeHour).toBeLessThanOrEqual(maxDollars * (1 + 1e-9));
      expect(nodeMinutes / 60).toBeLessThanOrEqual(maxHours * (1 + 1e-9));
      expect(runMinutes).toBeLessThanOrEqual(deadlineMinutes);
    }));
  });
});

describe("a budget", () => {
  const problem = (change: Partial<DeadlineInput>) => budgetProblems({ ...plain, ...change }).map(({ path, what }) => `${path}: ${what}`).join();

  it("below one iteration is refused, whatever sets it", () => {
    expect(problem({ budget: { maxHours: 1.2, iterationMinutes: 14 } })).toBe("budget.maxHours: leaves 12 minutes for runs beside 45 for the servers' start and 15 for the node's: less than one iteration of 14 minutes");
    expect(problem({ prices, budget: { maxDollars: 9, iterationMinutes: 1 } })).toMatch(/^budget\.maxDollars: leaves 0 minutes/);
    expect(problem({ deadlineMinutes: 5, budget: { iterationMinutes: 6 } })).toMatch(/^deadlineMinutes: leaves 5 minutes/);
    expect(problem({ budget: { maxHours: 1.2, iterationMinutes: 12 } })).toBe("");
  });

  it("in dollars is refused without a price, and with one in another currency", () => {
    expect(problem({ budget: { maxDollars: 100, iterationMinutes: 1 } })).toMatch(/^budget\.maxDollars: is a sum, and the file says no price/);
    expect(problem({ prices: { ...prices, currency: "EUR" }, budget: { maxDollars: 100, iterationMinutes: 1 } })).toMatch(/is in dollars, and the prices are in EUR/);
  });

  it("has prices with a day and a source, or none", () => {
    const { date: _, ...undated } = prices;
    expect(pricesSection.safeParse(undated).error!.issues.map(({ path }) => path.join())).toEqual(["date"]);
    for (const bad of [{ date: "yesterday" }, { source: "" }, { currency: "dollars" }, { nodeHour: 0 }]) expect(pricesSection.safeParse({ ...prices, ...bad }).success).toBe(false);
  });
});

describe("the quote", () => {
  const names = Array.from({ length: 5 }, (_, index) => `run-${index}`);
  const packed = (placement: "shared" | "dedicated" | { perPair: number }, gpusPerNode = 2) => packExperiments(names, { placement, gpusPerNode, nodeCount: 10, kueue: false, maxSlots: 48 }).pairs;
  const input = { deadlineMinutes: 240, startMinutes: 45, prices, nodeCount: 10 };

  it("is nodes × life × price", () => {
    expect(quoteOf({ ...input, pairs: packed("shared"), gpusPerNode: 2 })).toMatchObject({ nodes: 1, nodeHours: 300 / 60, cap: (300 / 60) * 12 });
    expect(quoteOf({ ...input, pairs: packed("dedicated"), gpusPerNode: 2 })).toMatchObject({ nodes: 5, cap: (5 * 300 / 60) * 12 });
    expect(quoteOf({ ...input, pairs: packed("dedicated"), gpusPerNode: 8 })).toMatchObject({ nodes: 2 });
  });

  it("of more pairs than there is room for is that of all turns", () => {
    const quote = quoteOf({ ...input, nodeCount: 2, pairs: packed("dedicated"), gpusPerNode: 2 });
    expect(quote).toMatchObject({ nodes: 2, waves: 3, nodeHours: (2 * (3 * 285 + 4 + 15)) / 60 });
    expect(quoteText(quote)[0]).toMatch(/= 2 nodes × 14\.57 h \(3 turns of servers 45 min, runs 240 min by deadlineMinutes, 2 min between them, node 15 min\)/);
    expect(quote.experiments.map(({ nodeHours }) => nodeHours)).toEqual([4, 4, 4, 4, 4]);
  });

  it.each([["shared", 2], ["dedicated", 2], ["dedicated", 4], ["dedicated", 8], [{ perPair: 2 }, 4]] as const)("of %j on nodes of %i GPUs shares out all runs' hours, no more and no less", (placement, gpusPerNode) => {
    const quote = quoteOf({ ...input, pairs: packed(placement, gpusPerNode), gpusPerNode });
    expect(quote.experiments.map(({ name }) => name)).toEqual(names);
    expect(quote.experiments.reduce((sum, { cost }) => sum + cost!, 0)).toBeCloseTo(quote.nodes * 4 * 12, 9);
  });

  it("says sum, price, day and source; without a price hours and no sum", () => {
    expect(quoteText(quoteOf({ ...input, pairs: packed("shared"), gpusPerNode: 2 }))).toEqual([
      "at most USD 60.00 = 1 node × 5.00 h (servers 45 min, runs 240 min by deadlineMinutes, node 15 min) × USD 12.00 a node-hour (a list, 2026-11-23)",
      "runs at most USD 9.60 each of 5; the start of servers and nodes is the rest",
    ]);
    const [line, ...more] = quoteText(quoteOf({ ...input, prices: undefined, pairs: packed("shared"), gpusPerNode: 2 }));
    expect([line, more]).toEqual([expect.stringMatching(/= 5\.00 node-hours; no sum, since the file says no prices$/), []]);
  });

  it("names runs that its deadline ends early", () => {
    const quote = quoteOf({ ...input, pairs: packed("shared"), gpusPerNode: 2 });
    const specs = [{ name: "short", training: { iterations: 10 } }, { name: "long", training: { iterations: 200 } }];
    expect(unfinished(quote, { iterationMinutes: 2 }, specs)).toEqual([expect.stringMatching(/room for 120 iterations of 2 min; .*: long \(200\)$/)]);
    expect(unfinished(quote, { iterationMinutes: 1 }, specs)).toEqual([]);
  });
});
