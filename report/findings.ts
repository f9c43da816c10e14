import type { Evaluation, Measurement, RunReport } from "./schema.ts";

/**
 * What may be said. Two runs are put in an order only if the 95 % intervals of their final evaluations do not overlap;
 * non-overlap is stricter than a test of the difference, which is the safe side when GPU money hangs on it.
 */

const twoDigits = (value: number) => value.toFixed(2);
const above = (a: Measurement, b: Measurement) => a.interval[0] > b.interval[1];
const describe = (m: Measurement) => `${twoDigits(m.unlocksPerEpisode)} [${twoDigits(m.interval[0])}, ${twoDigits(m.interval[1])}]`;

/** The evaluation after the last iteration of a finished run; null for a run that did not finish. */
export function finalEvaluation(run: RunReport): Evaluation | null {
  const last = run.evaluation.at(-1);
  return run.state === "finished" && last !== undefined && last.iteration > 0 ? last : null;
}

function runFindings(run: RunReport, untrained: Measurement | null): string[] {
  if (run.state === "failed") return [`${run.name} FAILED and says nothing about its reward: ${run.failure?.reason} Remedy: ${run.failure?.remedy}`];
  if (run.state === "incomplete") return [`${run.name} did not end (${run.iterations} iterations seen) and says nothing about its reward.`];
  const findings: string[] = [];
  if (run.iterationsWithoutUpdate > 0) {
    findings.push(`${run.name}: ${run.iterationsWithoutUpdate} of ${run.iterations} iterations changed no weight, because all episodes of each group earned the same.`);
  }
  const final = finalEvaluation(run);
  if (final !== null && untrained !== null) {
    const verdict = above(final, untrained) ? "is above" : above(untrained, final) ? "is BELOW" : "cannot be told from";
    findings.push(`${run.name} (${describe(final)} unlocks an episode) ${verdict} the untrained model (${describe(untrained)}).`);
  }
  return findings;
}

function comparisons(runs: readonly RunReport[]): string[] {
  const evaluated = runs.flatMap((run) => {
    const final = finalEvaluation(run);
    return final === null ? [] : [{ name: run.name, final }];
  });
  if (evaluated.length < 2) return [`No comparison: ${evaluated.length} of ${runs.length} runs finished with an evaluation.`];
  const ordered = [...evaluated].sort((a, b) => b.final.unlocksPerEpisode - a.final.unlocksPerEpisode);
  const found: string[] = [];
  const overlapping: string[] = [];
  for (const [index, better] of ordered.entries()) {
    for (const worse of ordered.slice(index + 1)) {
      if (above(better.final, worse.final)) found.push(`${better.name} is above ${worse.name}: ${describe(better.final)} against ${describe(worse.final)}.`);
      else overlapping.push(`${better.name} and ${worse.name}`);
    }
  }
  if (found.length === 0) return ["No ranking: the 95 % intervals of all runs overlap. More held-out episodes or more iterations are needed to tell them apart."];
  return overlapping.length === 0 ? found : [...found, `Not ranked, because their intervals overlap: ${overlapping.join("; ")}.`];
}

/** Full sentences about every run and every pair of runs, for the screen, the Markdown and the HTML alike. */
export function findings(runs: readonly RunReport[], untrained: Measurement | null): string[] {
  return [...runs.flatMap((run) => runFindings(run, untrained)), ...comparisons(runs)];
}
