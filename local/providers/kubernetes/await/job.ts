import { type Manifest, numberAt, stringAt } from "../manifest.ts";
import { condition, conditionText, isConditionTrue } from "./conditions.ts";
import { failed, READY, type Verdict, waiting } from "./verdict.ts";

/** A Job is ready when it's Complete, and has failed when it's Failed, for whatever reason. */
export function jobVerdict(job: Manifest): Verdict {
  const failure = condition(job, "Failed");
  if (failure?.status === "True") return failed(conditionText(failure));
  if (isConditionTrue(job, "Complete")) return READY;
  if (stringAt(job, "status", "startTime") === undefined) return waiting("the job hasn't started yet");
  const count = (key: string) => numberAt(job, "status", key) ?? 0;
  return waiting(`not complete: ${count("active")} active, ${count("succeeded")} succeeded, ${count("failed")} failed`);
}
