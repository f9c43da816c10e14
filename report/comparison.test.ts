import { expect, test } from "vitest";
import { apart, comparisons, pairedWorlds } from "./comparison.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { runReport } from "./runReport.ts";
import { pairsNeeded } from "./sampleSize.ts";
import type { Evaluation } from "./schema.ts";

const evaluation = (...worlds: [seed: number, unlocks: number][]) =>
  ({ worlds: worlds.map(([seed, unlocks]) => ({ seed, unlocks, trajectoryHash: `${seed} ${unlocks}` })) }) as Evaluation;

/** Uniform in [0, 1), by a linear congruential generator (Numerical Recipes). */
function random(seed: number) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

test("worlds are paired by seed, whatever their order; one that only one side played is left out", () => {
  const pairs = pairedWorlds(evaluation([1, 2], [2, 0], [3, 1]), evaluation([3, 1], [9, 5], [1, 0]));
  expect(pairs.map(([a, b]) => [a.seed, b.seed, a.unlocks - b.unlocks])).toEqual([[1, 1, 2], [3, 3, 0]]);
});

test("it takes both, an interval on one side of 0 and a small p", () => {
  expect([apart([0.1, 0.9], 0.01), apart([-0.9, -0.1], 0.01)]).toEqual([true, true]);
  expect([apart([0, 0.9], 0.01), apart([-0.1, 0.9], 0.01), apart([0.1, 0.9], 0.05)]).toEqual([false, false, false]);
});

test("evaluations without a world in common are not comparable, and give no number", () => {
  const events = fakeEvents({ name: "r", iterations: 1, rewards: [1], before: [0, 1], after: [1, 2] });
  const run = runReport("r", events);
  run.evaluation[0]!.worlds.forEach((world) => (world.seed += 100));
  expect(comparisons([run])[0]).toMatchObject({ verdict: "not comparable", pairs: 0, morePairs: null, smallestDetectable: null });
});

test("equals are called different at most about once in 20, over all comparisons of a report of three runs", () => {
  let wrong = 0;
  const draw = random(7);
  const unlocks = () => Array.from({ length: 32 }, () => (draw() < 0.3 ? 1 : 0));
  for (let repetition = 0; repetition < 60; repetition++) {
    const runs = ["a", "b", "c"].map((name) => runReport(name, fakeEvents({ name, iterations: 1, rewards: [1], before: unlocks(), after: unlocks() })));
    if (comparisons(runs).some(({ verdict }) => verdict !== "not told apart")) wrong += 1;
  }
  // Two families at 5 % each; 60 repetitions scatter around 6 at the most.
  expect(wrong).toBeLessThanOrEqual(9);
}, 60_000);

test("so many worlds as are asked for show a real difference 4 times in 5", () => {
  const draw = random(3);
  // One more with a chance of 0.35, one less with 0.15: mean 0.2, variance 0.5 − 0.04.
  const needed = pairsNeeded(0.2, Math.sqrt(0.46), 1)!;
  const change = () => { const u = draw(); return u < 0.35 ? 1 : u < 0.5 ? -1 : 0; };
  const shows = () => {
    const before = Array<number>(needed).fill(1);
    const run = runReport("r", fakeEvents({ name: "r", iterations: 1, rewards: [1], before, after: before.map((value) => value + change()) }));
    return comparisons([run])[0]!.verdict === "above";
  };
  const shown = Array.from({ length: 40 }, shows).filter(Boolean).length;
  expect(shown).toBeGreaterThanOrEqual(24);
  expect(shown).toBeLessThan(40);
}, 60_000);
