import type { RunSpec } from "../../images/runner/src/runSpec.ts";
import type { Overrides } from "./overrides.ts";

/** What a stack adds to a reward config to make a run of it. */
export interface RunContext {
  /** The run's name: a DNS label of at most 40 characters. */
  name: string;
  stack: string;
  /** From 1; a higher one runs the same experiment again. */
  attempt: number;
  /** The model that the stack serves, in place of the file's. */
  model: { name: string; maxModelLen: number };
  /** Highest adapter rank that the stack's servers take. */
  maxLoraRank: number;
  endpoints: RunSpec["endpoints"];
  overrides: Overrides;
  /** Where the run puts what it leaves. */
  results?: RunSpec["results"];
  taskUrl: { flag?: string; environment?: string };
}
