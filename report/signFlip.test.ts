import fc from "fast-check";
import { expect, test } from "vitest";
import { holm, signFlipP } from "./signFlip.ts";

test("the p-value is the share of all sign patterns that are at least as far out, counted one by one", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 9 }), (differences) => {
    const seen = Math.abs(differences.reduce((sum, value) => sum + value, 0));
    let extreme = 0;
    for (let pattern = 0; pattern < 2 ** differences.length; pattern++) {
      const sum = differences.reduce((total, value, index) => total + (pattern & (1 << index) ? value : -value), 0);
      if (Math.abs(sum) >= seen) extreme += 1;
    }
    expect(signFlipP(differences)).toBeCloseTo(extreme / 2 ** differences.length, 12);
  }), { numRuns: 100, seed: 1 });
});

test("worked by hand: five wins and no defeat, 2 of 32 patterns", () => {
  expect(signFlipP([1, 1, 1, 1, 1])).toBe(2 / 32);
  expect(signFlipP([0, 0, 0])).toBe(1);
  expect(signFlipP([])).toBe(1);
  expect(signFlipP(Array(1000).fill(1))).toBeLessThan(1e-200);
});

test("Holm's rule, worked by hand: the smallest counts for all, and none falls below one before it", () => {
  expect(holm([0.04, 0.01, 0.03])).toEqual([0.06, 0.03, 0.06]);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});
