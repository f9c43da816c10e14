/** How many pairs a comparison needs, by the normal approximation. Said as "about": the counts are few and skewed. */

/** Share of repetitions in which a real difference of that size would show itself. */
export const POWER = 0.8;
const Z_POWER = 0.8416;

/** Standard normal distribution function; error below 1e-7 (Abramowitz & Stegun 1964, 26.2.17). */
function phi(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x >= 0 ? 1 - tail : tail;
}

/** z with phi(z) = probability, for a probability in (0.5, 1). */
export function normalQuantile(probability: number): number {
  let [low, high] = [0, 10];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (phi(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** z at which one of `comparisons` two-sided comparisons of 5 % in all counts, plus z of the power. */
const reach = (comparisons: number) => normalQuantile(1 - 0.025 / Math.max(1, comparisons)) + Z_POWER;

/** Pairs at which a mean difference `mean` with standard deviation `deviation` shows itself with POWER; null for a mean of 0. */
export function pairsNeeded(mean: number, deviation: number, comparisons: number): number | null {
  return mean === 0 ? null : Math.ceil(((reach(comparisons) * deviation) / mean) ** 2);
}

/** The smallest mean difference that `pairs` pairs show with POWER. */
export function smallestDetectable(pairs: number, deviation: number, comparisons: number): number {
  return (reach(comparisons) * deviation) / Math.sqrt(pairs);
}

interface Measured {
  unlocksPerEpisode: number;
  interval: readonly [number, number];
}

/**
 * Held-out worlds at which two intervals would be disjoint, if the means stay where they are: at most `pairs` where they
 * are already. Widths shrink with the root of the number; infinite for equal means.
 */
export function pairsToPart(a: Measured, b: Measured, pairs: number): number {
  const [high, low] = a.unlocksPerEpisode >= b.unlocksPerEpisode ? [a, b] : [b, a];
  const reachOfBoth = high.unlocksPerEpisode - high.interval[0] + (low.interval[1] - low.unlocksPerEpisode);
  const apart = high.unlocksPerEpisode - low.unlocksPerEpisode;
  if (high.interval[0] > low.interval[1]) return pairs;
  return Math.max(pairs + 1, Math.ceil(pairs * (reachOfBoth / apart) ** 2));
}
