import type { RunEvent } from "../images/runner/src/events.ts";
import { billOf } from "./bill.ts";
import { comparisons as compare } from "./comparison.ts";
import { ofType, orderEvents } from "./eventOrder.ts";
import { findings } from "./findings.ts";
import { runReport } from "./runReport.ts";
import type { KeptAdapter, Measurement, Phases, Report, RunReport } from "./schema.ts";
import { settingsDifferences } from "./settingsDifferences.ts";
import type { Usage } from "./usage.ts";

export interface ReportInput {
  stack: string;
  createdAt: Date;
  phases: Phases;
  /** Events of each run by its name, as collected. A run that said nothing has an empty list. */
  events: ReadonlyMap<string, readonly RunEvent[]>;
  /** Why the cluster ended a run's Job, for Jobs that failed; a runner that was killed cannot say it itself. */
  jobFailures: ReadonlyMap<string, string>;
  /** The newest adapter of each run by its name, of those that were collected. */
  adapters?: ReadonlyMap<string, KeptAdapter>;
  /** What pods and Jobs held; null where the cluster was not asked. */
  usage: Usage | null;
  /** Null while the stack is up. */
  inventoryAfter: string[] | null;
}

function randomBaseline(input: ReportInput): Measurement | null {
  const found = [...input.events.values()].flatMap((events) => ofType(orderEvents(events), "baseline.finished"))[0];
  return found === undefined ? null : { episodes: found.episodes.length, unlocksPerEpisode: found.unlocksPerEpisode, interval: found.interval, intervalMethod: found.intervalMethod };
}

/** Version 0 has zero effect in every run, so any run's evaluation before training is the untrained model's. */
function untrainedBaseline(runs: readonly RunReport[]): Measurement | null {
  const found = runs.flatMap((run) => run.evaluation.filter((evaluation) => evaluation.iteration === 0))[0];
  return found === undefined ? null : { episodes: found.episodes, unlocksPerEpisode: found.unlocksPerEpisode, interval: found.interval, intervalMethod: found.intervalMethod };
}

/** The settings of each run that says them, by its name. */
function settingsByRun({ events }: ReportInput): Map<string, Record<string, unknown>> {
  return new Map([...events].flatMap(([name, collected]): [string, Record<string, unknown>][] => {
    const settings = ofType(orderEvents(collected), "run.started").at(-1)?.settings ?? null;
    return settings === null ? [] : [[name, settings]];
  }));
}

/** The report of one stack: pure, from the events alone. */
export function buildReport(input: ReportInput): Report {
  const runs = [...input.events].map(([name, events]) => runReport(name, events, input.jobFailures.get(name), input.adapters?.get(name))).sort((a, b) => a.name.localeCompare(b.name));
  const baselines = { random: randomBaseline(input), untrained: untrainedBaseline(runs) };
  const settings = settingsByRun(input);
  const differences = settingsDifferences(settings);
  const comparisons = compare(runs);
  const withoutSettings = runs.map(({ name }) => name).filter((name) => !settings.has(name));
  return {
    version: 1,
    stack: input.stack,
    createdAt: input.createdAt.toISOString(),
    phases: input.phases,
    runs,
    baselines,
    comparisons,
    settingsDifferences: differences,
    bill: input.usage && billOf(input.usage, runs),
    findings: findings({ runs, comparisons, settingsDifferences: differences, withoutSettings }),
    inventoryAfter: input.inventoryAfter,
  };
}
