import { z } from "zod";
import { runName } from "../../images/runner/src/runSpec.ts";
import { experimentOverrides, type ExperimentOverrides } from "../config/overrides.ts";
import { FACTOR_NAMES, type Factor, factorType } from "./factors.ts";

const attempt = z.int().min(1);

/** Values of each factor; every combination is a run. */
export type Matrix = { [F in Factor]?: NonNullable<ExperimentOverrides[F]>[] };

const matrix = z.strictObject(Object.fromEntries(FACTOR_NAMES.map((name) => [
  name,
  z.array<z.ZodType>(factorType(name)).min(1).refine((values) => new Set(values).size === values.length, "a list with no value twice").optional(),
]))) as unknown as z.ZodType<Matrix, Matrix>;

const entry = z.strictObject({
  /** Path of a reward config, relative to the project. */
  config: z.string().min(1),
  /** The run's name, or how those of a matrix begin; made from the file's if left out. */
  name: runName.optional(),
  /** A higher number runs the same again, and nothing else; in a table, by the run's name. */
  attempt: z.union([attempt, z.record(runName, attempt)]).default(1),
  /** Over what the file says and over what `run` says for all. */
  overrides: experimentOverrides.default({}),
  matrix: matrix.default({}),
});

/** One item of the list: the path of a config, or a table. */
export const experimentEntry = z.union([z.string().min(1).transform((config) => entry.parse({ config })), entry]);

export type ExperimentEntry = z.infer<typeof entry>;
