/** A 95 % interval of a mean and the words for how it was made. */
export interface MeanInterval {
  mean: number;
  interval: [number, number];
  method: string;
}

const RESAMPLES = 10_000;

/**
 * Mean of `values` (counts of unlocked achievements, one an episode, or differences of such counts; at least one value)
 * with a 95 % interval. `least` is the lowest value that is possible at all: 0 for counts, −Infinity for differences.
 *
 * Percentile bootstrap (Efron & Tibshirani 1993, ch. 13) with 10,000 resamples from a fixed seed, so that the same
 * episodes always give the same interval. Where all values are equal the bootstrap would claim certainty; there the exact
 * binomial bound is used: with n equal values, at 97.5 % confidence a share of at most q = 1 − 0.025^(1/n) of episodes
 * differs, and one that differs is taken to differ by one unlock.
 */
export function meanInterval(values: readonly number[], least = 0): MeanInterval {
  const mean = average(values);
  if (values.every((value) => value === values[0])) {
    const q = 1 - 0.025 ** (1 / values.length);
    const method = "exact binomial bound of 95 %, all episodes being equal";
    return { mean, interval: [Math.max(least, mean - q), mean + q], method };
  }
  const random = generator(values.length);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++) sum += values[Math.floor(random() * values.length)]!;
    return sum / values.length;
  }).sort();
  const interval: [number, number] = [
    means[Math.floor(0.025 * RESAMPLES)]!,
    means[Math.ceil(0.975 * RESAMPLES) - 1]!,
  ];
  return { mean, interval, method: `percentile bootstrap of 95 %, ${RESAMPLES} resamples, fixed seed` };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Uniform in [0, 1): a 32-bit Weyl sequence through murmur3's finaliser. Only the interval uses it. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
