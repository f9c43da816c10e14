import { meanInterval } from "../images/runner/src/interval.ts";
import { finalEvaluation } from "./finalEvaluation.ts";
import { pairsNeeded, pairsToPart, smallestDetectable } from "./sampleSize.ts";
import type { Comparison, Evaluation, RunReport } from "./schema.ts";
import { holm, signFlipP } from "./signFlip.ts";

/**
 * Paired comparisons: every evaluation plays the same held-out worlds with the same sampler seeds, so two of them are
 * compared world by world. That takes out what is hard or easy about a world, and needs fewer episodes than comparing two
 * means does.
 *
 * One may be called above the other only if two things hold: the 95 % interval of the mean difference (percentile
 * bootstrap over the worlds) leaves out 0, and the exact sign-flip test, adjusted by Holm for the number of comparisons of
 * its kind, has p < 0.05. The second is there because the bootstrap promises too much when few worlds differ at all: four
 * wins and no defeat among 32 worlds leave out 0, and happen to one of eight pairs of equals. Runs are ranked against each
 * other only if their own 95 % intervals are disjoint besides: money follows a ranking, and whoever looks at the two
 * intervals must be able to see it there.
 */

export const UNTRAINED = "the untrained model";
const LEVEL = 0.05;
export const TEST_METHOD = "exact paired sign-flip test, two-sided, adjusted by Holm";

interface Side {
  name: string;
  evaluation: Evaluation;
}

type Draft = Omit<Comparison, "p" | "verdict" | "morePairs" | "smallestDetectable"> & { rawP: number; deviation: number; partedAt: number };

type World = Evaluation["worlds"][number];

/** The held-out worlds that both played, each with what either did in it. */
export function pairedWorlds(a: Evaluation, b: Evaluation): [World, World][] {
  const others = new Map(b.worlds.map((world) => [world.seed, world]));
  return a.worlds.flatMap((world): [World, World][] => {
    const other = others.get(world.seed);
    return other === undefined ? [] : [[world, other]];
  });
}

function draft(a: Side, b: Side): Draft {
  const worlds = pairedWorlds(a.evaluation, b.evaluation);
  const differences = worlds.map(([one, other]) => one.unlocks - other.unlocks);
  if (differences.length === 0) {
    return { a: a.name, b: b.name, pairs: 0, wins: 0, losses: 0, sameEpisodes: 0, difference: 0, interval: [0, 0], intervalMethod: "none: no world in common", testMethod: TEST_METHOD, rawP: 1, deviation: 0, partedAt: 0 };
  }
  const { mean, interval, method } = meanInterval(differences, Number.NEGATIVE_INFINITY);
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    a: a.name,
    b: b.name,
    pairs: differences.length,
    wins: differences.filter((value) => value > 0).length,
    losses: differences.filter((value) => value < 0).length,
    sameEpisodes: worlds.filter(([one, other]) => one.trajectoryHash === other.trajectoryHash).length,
    difference: mean,
    interval,
    intervalMethod: `paired by world: ${method}`,
    testMethod: TEST_METHOD,
    rawP: signFlipP(differences),
    deviation: Math.sqrt(squares / Math.max(1, differences.length - 1)),
    partedAt: pairsToPart(a.evaluation, b.evaluation, differences.length),
  };
}

/** Whether a difference may be called one: its interval leaves out 0, and the adjusted p-value says so too. */
export function apart([low, high]: readonly [number, number], p: number): boolean {
  return (low > 0 || high < 0) && p < LEVEL;
}

/** The drafts of one kind of comparison, judged together; a ranking needs more than a difference from the untrained model does. */
function judge(drafts: readonly Draft[], ranking: boolean): Comparison[] {
  const adjusted = holm(drafts.map(({ rawP }) => rawP));
  return drafts.map(({ rawP: _rawP, deviation, partedAt, ...rest }, index): Comparison => {
    const { pairs, difference, interval } = rest;
    const p = adjusted[index]!;
    const decided = apart(interval, p);
    const overlap = decided && ranking && partedAt > pairs;
    const needed = overlap ? partedAt : pairsNeeded(difference, deviation, drafts.length);
    return {
      ...rest,
      p,
      verdict: pairs === 0 ? "not comparable" : !decided ? "not told apart" : overlap ? "ahead" : difference > 0 ? "above" : "below",
      morePairs: pairs === 0 || (decided && !overlap) || needed === null || needed === Infinity ? null : Math.max(1, needed - pairs),
      smallestDetectable: pairs === 0 || deviation === 0 ? null : smallestDetectable(pairs, deviation, drafts.length),
    };
  });
}

/** The untrained model of a run: its own evaluation before training, or that of a run with the same seeds if its log is lost. */
function untrainedOf(run: RunReport, runs: readonly RunReport[]): Evaluation | undefined {
  const before = (other: RunReport) => other.evaluation.find(({ iteration }) => iteration === 0);
  return before(run) ?? runs.filter(({ seed }) => seed === run.seed).map(before).find((found) => found !== undefined);
}

/** Every finished run against the untrained model, then every pair of finished runs, the better mean first. */
export function comparisons(runs: readonly RunReport[]): Comparison[] {
  const sides = runs.flatMap((run): Side[] => {
    const evaluation = finalEvaluation(run);
    return evaluation === null ? [] : [{ name: run.name, evaluation }];
  });
  const learned = sides.flatMap((side) => {
    const evaluation = untrainedOf(runs.find(({ name }) => name === side.name)!, runs);
    return evaluation === undefined ? [] : [draft(side, { name: UNTRAINED, evaluation })];
  });
  const ordered = sides.toSorted((x, y) => y.evaluation.unlocksPerEpisode - x.evaluation.unlocksPerEpisode);
  const ranked = ordered.flatMap((better, index) => ordered.slice(index + 1).map((worse) => draft(better, worse)));
  return [...judge(learned, false), ...judge(ranked, true)];
}
