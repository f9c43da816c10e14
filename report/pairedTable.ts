import type { Report } from "./schema.ts";
import type { Table } from "./table.ts";

const number = (value: number | null, digits = 2) => (value === null ? "-" : value.toFixed(digits));

/** One row a paired comparison. */
export function pairedTable({ comparisons }: Report): Table {
  return {
    header: ["a", "b", "worlds", "a better / worse / same episode", "a − b, unlocks an episode", "p", "verdict", "more episodes a run", "detectable difference"],
    rows: comparisons.map((each) => [
      each.a, each.b, String(each.pairs), `${each.wins} / ${each.losses} / ${each.sameEpisodes}`,
      `${number(each.difference)} [${number(each.interval[0])}, ${number(each.interval[1])}]`, number(each.p, 3), each.verdict,
      each.morePairs === null ? "-" : `about ${each.morePairs}`, number(each.smallestDetectable),
    ]),
  };
}

/** How the numbers of the comparisons were made, each method once. */
export function methods({ comparisons }: Report): string[] {
  return [...new Set(comparisons.flatMap(({ intervalMethod, testMethod }) => [intervalMethod, testMethod]))];
}

/** Sampler against trainer: one row a run, the worst step of each number. */
export function mismatchTable({ runs }: Report): Table {
  const worst = (values: readonly number[], pick: (...values: number[]) => number = Math.max) =>
    values.length === 0 ? "-" : pick(...values).toExponential(1);
  return {
    header: ["run", "steps", "mismatch_kl mean, nats a token", "mismatch_kl largest", "mean ratio from", "to", "mean |Δlogp| largest, nats", "share clipped largest", "staleness", "corrected, mean |Δlogp| largest, nats"],
    rows: runs.map(({ name, mismatchKl, mismatchSteps: steps }) => {
      const ratios = steps.map(({ meanRatio }) => meanRatio);
      return [
        name, String(steps.length), mismatchKl === null ? "-" : mismatchKl.toExponential(1), worst(steps.map(({ kl }) => kl)),
        ratios.length === 0 ? "-" : Math.min(...ratios).toFixed(6), ratios.length === 0 ? "-" : Math.max(...ratios).toFixed(6),
        worst(steps.map(({ meanAbsLogprobDelta }) => meanAbsLogprobDelta)),
        steps.length === 0 ? "-" : Math.max(...steps.map(({ clippedShare }) => clippedShare)).toFixed(3),
        [...new Set(steps.map(({ staleness }) => staleness))].join(", ") || "-", worst(steps.flatMap(({ offPolicyDelta }) => offPolicyDelta ?? [])),
      ];
    }),
  };
}
