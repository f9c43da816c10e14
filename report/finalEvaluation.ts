import type { Evaluation, RunReport } from "./schema.ts";

/** The evaluation after the last iteration of a finished run; null for a run that did not finish. */
export function finalEvaluation(run: RunReport): Evaluation | null {
  const last = run.evaluation.at(-1);
  return run.state === "finished" && last !== undefined && last.iteration > 0 ? last : null;
}
