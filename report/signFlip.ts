/**
 * Two-sided p-value of the exact paired sign-flip test (Fisher 1935, "The Design of Experiments", §21): if neither side is
 * better, each difference might as well have had the other sign; p is the share of all 2^n sign patterns whose sum is at
 * least as far from 0 as the one that was seen. `differences` are integers (unlocked achievements), so the distribution of
 * the sum is built up exactly, one difference after another. 1 for an empty list.
 */
export function signFlipP(differences: readonly number[]): number {
  let sums = new Map([[0, 1]]);
  for (const difference of differences.filter((value) => value !== 0)) {
    const next = new Map<number, number>();
    for (const [sum, share] of sums) {
      for (const flipped of [sum + difference, sum - difference]) next.set(flipped, (next.get(flipped) ?? 0) + share / 2);
    }
    sums = next;
  }
  const seen = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  return Math.min(1, [...sums].reduce((p, [sum, share]) => (Math.abs(sum) >= seen ? p + share : p), 0));
}

/** p-values adjusted for their number by Holm's step-down rule (Holm 1979), in their order. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted: number[] = [];
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (ps.length - rank) * ps[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}
