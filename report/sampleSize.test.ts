import { expect, test } from "vitest";
import { normalQuantile, pairsNeeded, pairsToPart, smallestDetectable } from "./sampleSize.ts";

test("quantiles of the normal distribution, from the tables", () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 4);
  expect(normalQuantile(0.8)).toBeCloseTo(0.841621, 4);
  expect(normalQuantile(1 - 0.025 / 3)).toBeCloseTo(2.393980, 4);
});

test("(z + z_power)² σ² / d² pairs, more for more comparisons", () => {
  expect(pairsNeeded(0.25, 0.5, 1)).toBe(32);
  expect(pairsNeeded(-0.25, 0.5, 3)).toBe(42);
  expect(pairsNeeded(0, 0.5, 1)).toBeNull();
});

test("the smallest detectable difference is the one that just needs the pairs that there are", () => {
  const smallest = smallestDetectable(32, 0.7, 3);
  expect(pairsNeeded(smallest * 1.0001, 0.7, 3)).toBe(32);
});

test("at so many pairs two intervals part: widths halve at four times the number", () => {
  const at = (unlocksPerEpisode: number, half: number) => ({ unlocksPerEpisode, interval: [unlocksPerEpisode - half, unlocksPerEpisode + half] as [number, number] });
  expect(pairsToPart(at(2, 1), at(1, 1), 30)).toBe(120);
  expect(pairsToPart(at(1, 1), at(2, 1), 30)).toBe(120);
  expect(pairsToPart(at(2, 0.4), at(1, 0.4), 30)).toBe(30);
  // Ends that touch overlap still.
  expect(pairsToPart(at(2, 0.5), at(1, 0.5), 30)).toBe(31);
  expect(pairsToPart(at(2, 0.5), at(2, 0.5), 30)).toBe(Infinity);
});
