import { runName } from "../../images/runner/src/runSpec.ts";
import type { ExperimentOverrides } from "../config/overrides.ts";
import type { Problem } from "../config/problem.ts";
import { runNameOf } from "../names.ts";
import { FACTOR_NAMES, type Factor, factorLabel } from "./factors.ts";
import type { ExperimentEntry, Matrix } from "./schema.ts";

/** One run to be: an entry of the stack file, or one combination of its matrix. */
export interface Experiment {
  name: string;
  /** Path of its reward config. */
  config: string;
  attempt: number;
  overrides: ExperimentOverrides;
  /** Dotted key of its entry, for messages. */
  place: string;
}

/** More runs than this of one entry are taken for a slip of the pen. */
const MOST_RUNS = 1000;
const LONGEST_NAME = 40;

type Found = Omit<Problem, "file">;

/**
 * The list of a stack file as runs, in its order. Pure. A name follows from its own entry alone, so that an entry or a
 * value more renames no other run, and so runs none again.
 *
 * @returns with problems, if there are any, the runs of the entries without
 */
export function expandExperiments(entries: readonly ExperimentEntry[]): { experiments: Experiment[]; problems: Found[] } {
  const expanded = entries.map((entry, index) => expandEntry(entry, `experiments.${index}`));
  const experiments = expanded.flatMap((each) => each.experiments);
  return { experiments, problems: [...expanded.flatMap(({ problems }) => problems), ...clashes(experiments)] };
}

function expandEntry(entry: ExperimentEntry, place: string): { experiments: Experiment[]; problems: Found[] } {
  const { config, attempt, overrides, matrix } = entry;
  const runs = Object.values(matrix).reduce((product, values) => product * values.length, 1);
  const twice = FACTOR_NAMES.filter((name) => matrix[name] !== undefined && overrides[name] !== undefined);
  const problems: Found[] = twice.map((name) => ({
    path: `${place}.matrix.${name}`, what: "is in the entry's overrides too", write: "Remove one of the two",
  }));
  if (runs > MOST_RUNS) {
    problems.push({ path: `${place}.matrix`, what: `makes ${runs} runs of one entry; at most ${MOST_RUNS} are taken`, write: "Vary fewer values" });
  }
  if (problems.length > 0) return { experiments: [], problems };

  const points = combinations(matrix);
  // A given name is left as it is; a name that is made up shows what was set over the file.
  const base = entry.name ?? [runNameOf(config), ...labels(overrides)].join("-");
  const experiments = points.map((point): Experiment => {
    const name = [base, ...labels(point)].join("-");
    return { name, config, attempt: typeof attempt === "number" ? attempt : attempt[name] ?? 1, overrides: { ...overrides, ...point }, place };
  });
  return { experiments, problems: [...nameProblems(experiments, base, place), ...attemptProblems(entry, experiments, place)] };
}

/** Every combination, the last factor of the order varying fastest. */
function combinations(matrix: Matrix): ExperimentOverrides[] {
  return FACTOR_NAMES.reduce<ExperimentOverrides[]>(
    (points, name) => (matrix[name] === undefined ? points : points.flatMap((point) => matrix[name]!.map((value) => ({ ...point, [name]: value })))),
    [{}],
  );
}

const labels = (point: ExperimentOverrides): string[] =>
  FACTOR_NAMES.flatMap((name: Factor) => (point[name] === undefined ? [] : [factorLabel(name, point[name])]));

function nameProblems(experiments: readonly Experiment[], base: string, place: string): Found[] {
  const bad = experiments.map(({ name }) => name).filter((name) => !runName.safeParse(name).success);
  const longest = bad.reduce((a, b) => (b.length > a.length ? b : a), "");
  if (longest === "") return [];
  const room = LONGEST_NAME - (longest.length - base.length);
  return [{
    path: `${place}.name`,
    what: longest.length > LONGEST_NAME
      ? `makes the name "${longest}" of ${longest.length} characters; ${LONGEST_NAME} are the most, so that Jobs and adapters can be called after it`
      : `makes the name "${longest}", which is no lower-case DNS label`,
    write: room > 0 ? `Give the entry a name of at most ${room} characters` : "Vary fewer factors in one entry",
  }];
}

function attemptProblems({ attempt }: ExperimentEntry, experiments: readonly Experiment[], place: string): Found[] {
  if (typeof attempt === "number") return [];
  const names = new Set(experiments.map(({ name }) => name));
  return Object.keys(attempt).filter((name) => !names.has(name)).map((name) => ({
    path: `${place}.attempt.${name}`, what: "is no run of this entry", write: `Write one of ${[...names].slice(0, 5).join(", ")}${names.size > 5 ? ", …" : ""}`,
  }));
}

/** Runs of one name; each clash is told once, with both places. */
function clashes(experiments: readonly Experiment[]): Found[] {
  const first = new Map<string, Experiment>();
  return experiments.flatMap((experiment) => {
    const other = first.get(experiment.name);
    if (other === undefined) first.set(experiment.name, experiment);
    return other === undefined ? [] : [{
      path: experiment.place, what: `is called "${experiment.name}", as a run of ${other.place} is`, write: "Give the entry a name of its own",
    }];
  });
}
