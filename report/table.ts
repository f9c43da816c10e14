import { finalEvaluation } from "./finalEvaluation.ts";
import type { Measurement, Report, RunReport } from "./schema.ts";

/** A table of texts: the same rows on the screen, in Markdown and in HTML. */
export interface Table { header: string[]; rows: string[][] }

const number = (value: number | null, digits = 2) => (value === null ? "-" : value.toFixed(digits));
const measured = (m: Measurement | null | undefined) =>
  m === null || m === undefined ? "-" : `${number(m.unlocksPerEpisode)} [${number(m.interval[0])}, ${number(m.interval[1])}]`;

function row(run: RunReport): string[] {
  const before = run.evaluation.find((evaluation) => evaluation.iteration === 0);
  return [
    run.name,
    run.state === "finished" ? "finished" : run.state.toUpperCase(),
    String(run.iterations),
    `${number(run.batchRewards.at(0) ?? null)} → ${number(run.batchRewards.at(-1) ?? null)}`,
    measured(before),
    measured(finalEvaluation(run)),
    number(run.adapterSyncSeconds?.p50 ?? null),
    `${run.decisions.dropped} / ${run.decisions.total}`,
    run.mismatchMaxMeanDelta === null ? "-" : run.mismatchMaxMeanDelta.toExponential(1),
  ];
}

/** One row a run, then the baselines. */
export function comparisonTable(report: Report): Table {
  const header = ["run", "state", "iterations", "reward first → last", "unlocks before", "unlocks after", "sync p50 s", "dropped decisions", "max mean |Δlogp|"];
  const baseline = (name: string, m: Measurement | null) => [name, "baseline", "-", "-", measured(m), "-", "-", "-", "-"];
  return {
    header,
    rows: [...report.runs.map(row), baseline("random policy", report.baselines.random), baseline("untrained model", report.baselines.untrained)],
  };
}

/** In how many held-out episodes each achievement was unlocked, before and after; only achievements that occurred at all. */
export function achievementTable(report: Report): Table {
  const final = report.runs.map((run) => ({ name: run.name, before: run.evaluation.find((e) => e.iteration === 0), after: finalEvaluation(run) }));
  const names = new Set(final.flatMap(({ before, after }) => [...Object.keys(before?.achievements ?? {}), ...Object.keys(after?.achievements ?? {})]));
  return {
    header: ["achievement", ...final.map(({ name }) => name)],
    rows: [...names].sort().map((achievement) => [
      achievement,
      ...final.map(({ before, after }) => {
        const share = (evaluation: typeof before | null) =>
          evaluation === null || evaluation === undefined ? "-" : `${evaluation.achievements[achievement] ?? 0}/${evaluation.episodes}`;
        return `${share(before)} → ${share(after)}`;
      }),
    ]),
  };
}
