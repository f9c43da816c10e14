import { expect, test } from "vitest";
import { meanInterval } from "./interval.ts";

test("the interval holds the mean, is repeatable and narrows with more episodes", () => {
  const small = [0, 1, 0, 2, 1, 0, 0, 3];
  const large = Array.from({ length: 16 }, () => small).flat();
  const [a, again, b] = [meanInterval(small), meanInterval(small), meanInterval(large)];
  expect(a).toEqual(again);
  for (const {
    mean,
    interval: [low, high],
  } of [a, b])
    expect(low <= mean && mean <= high).toBe(true);
  expect(b.mean).toBe(a.mean);
  expect(b.interval[1] - b.interval[0]).toBeLessThan(0.5 * (a.interval[1] - a.interval[0]));
});

test("it agrees with the normal interval where that holds: mean ± 1.96 σ / √n", () => {
  const values = Array.from({ length: 400 }, (_, index) => index % 5);
  const {
    mean,
    interval: [low, high],
  } = meanInterval(values);
  const half = 1.96 * Math.sqrt(2 / 400);
  expect(low).toBeCloseTo(mean - half, 1);
  expect(high).toBeCloseTo(mean + half, 1);
});

test("episodes that are all equal don't make a mean certain", () => {
  const { mean, interval, method } = meanInterval(Array(32).fill(0));
  // 1 - 0.025^(1/32) = 0.109: with at most that chance an episode unlocks something and none of 32 did.
  expect(mean).toBe(0);
  expect(interval[0]).toBe(0);
  expect(interval[1]).toBeCloseTo(0.109, 3);
  expect(method).toContain("binomial");
});

test("covers the true mean about 95 times in 100", () => {
  // Bernoulli(0.3) × 3, n = 32: the percentile bootstrap is known to cover a little less than it says.
  let [state, covered] = [12345, 0];
  const chance = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
  for (let trial = 0; trial < 150; trial++) {
    const values = Array.from(
      { length: 32 },
      () => Number(chance() < 0.3) + Number(chance() < 0.3) + Number(chance() < 0.3),
    );
    const {
      interval: [low, high],
    } = meanInterval(values);
    if (low <= 0.9 && 0.9 <= high) covered += 1;
  }
  expect(covered / 150).toBeGreaterThan(0.9);
});
