/**
 * The q-quantile of a sample by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996, the
 * default of R and NumPy). Throws a RangeError for an empty sample, because a percentile of nothing is no number.
 */
export function percentile(sample: readonly number[], q: number): number {
  if (sample.length === 0) throw new RangeError("percentile of an empty sample");
  const sorted = [...sample].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/** Arithmetic mean; null for an empty sample. */
export function mean(sample: readonly number[]): number | null {
  return sample.length === 0 ? null : sample.reduce((sum, value) => sum + value, 0) / sample.length;
}
