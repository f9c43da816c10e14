import { type Manifest, stringAt } from "../manifest.ts";
import { condition, conditionText, isConditionTrue } from "./conditions.ts";
import { podProblems } from "./podProblems.ts";
import { failed, READY, type Verdict, waiting } from "./verdict.ts";

/** A Pod is ready when it's Ready or has Succeeded; one that has Failed never becomes ready. */
export function podVerdict(pod: Manifest): Verdict {
  const phase = stringAt(pod, "status", "phase");
  if (phase === "Succeeded" || isConditionTrue(pod, "Ready")) return READY;
  if (phase === "Failed") return failed("the pod has failed", ...podProblems(pod));
  const ready = condition(pod, "Ready");
  return waiting(ready?.message ? conditionText(ready) : "the pod isn't scheduled yet", ...podProblems(pod));
}
