import { describe, expect, test } from "vitest";
import { fakeEvents } from "./fakeEvents.ts";
import { findings } from "./findings.ts";
import { runReport } from "./runReport.ts";

const run = (name: string, after: number[], rewards = [0.1, 0.5]) =>
  runReport(name, fakeEvents({ name, iterations: 2, rewards, before: [0, 1, 0, 1], after }));
const untrained = { episodes: 4, unlocksPerEpisode: 0.5, interval: [0.3, 0.7] as [number, number] };

describe("findings", () => {
  test("runs whose intervals are disjoint are put in order", () => {
    expect(findings([run("low", [1, 1, 1, 1]), run("high", [3, 3, 3, 3])], untrained).at(-1))
      .toBe("high is above low: 3.00 [2.80, 3.20] against 1.00 [0.80, 1.20].");
  });

  test("no order is given when all intervals overlap", () => {
    const text = findings([run("a", [1, 1, 1, 1]), run("b", [1, 1, 1, 2])], untrained);
    expect(text.at(-1)).toMatch(/^No ranking/);
    expect(text.join()).not.toMatch(/a is above b|b is above a/);
  });

  test("a partial order names the pairs that stay unranked", () => {
    const text = findings([run("a", [1, 1, 1, 1]), run("b", [1, 1, 1, 2]), run("c", [3, 3, 3, 3])], untrained);
    expect(text).toContain("c is above a: 3.00 [2.80, 3.20] against 1.00 [0.80, 1.20].");
    expect(text.at(-1)).toBe("Not ranked, because their intervals overlap: b and a.");
  });

  test("a run that changed no weight says so, and one at the untrained level is not called better", () => {
    const text = findings([run("flat", [0, 1, 0, 1], [0, 0])], untrained).join("\n");
    expect(text).toContain("flat: 2 of 2 iterations changed no weight");
    expect(text).toContain("cannot be told from the untrained model");
  });

  test("a run that did not end is never compared", () => {
    const unfinished = runReport("cut", fakeEvents({ name: "cut", iterations: 2, rewards: [1, 1], before: [0], after: [3] }).slice(0, -1));
    const text = findings([unfinished, run("whole", [1, 1, 1, 1])], untrained).join("\n");
    expect(text).toContain("cut did not end");
    expect(text).toContain("No comparison: 1 of 2 runs finished");
  });
});
