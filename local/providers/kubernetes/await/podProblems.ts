import { at, listAt, type Manifest, nameOf, numberAt, stringAt } from "../manifest.ts";
import type { PropertyValue } from "../../protocol/propertyValues.ts";
import { condition, conditionText } from "./conditions.ts";

/** What keeps a pod from being ready, one line each; nothing for a pod that is ready or merely starting. */
export function podProblems(pod: Manifest): string[] {
  const lines: string[] = [];
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False") lines.push(conditionText(scheduled));
  for (const status of containerStatuses(pod)) lines.push(...containerProblems(status));
  if (stringAt(pod, "status", "phase") === "Failed") {
    const reason = stringAt(pod, "status", "reason");
    const message = stringAt(pod, "status", "message");
    if (reason || message) lines.push(`[${reason ?? "Failed"}] ${message ?? ""}`.trim());
  }
  return lines.map((line) => `pod ${nameOf(pod)}: ${line}`);
}

/** EX_CONFIG of sysexits.h: what every program of the stack ends with when it can't work as it is set up, its preflight included. */
const CONFIGURATION_ERROR = 78;

/** Containers that say themselves that no restart would mend them, one line each, with their own words. */
export function configurationErrors(pod: Manifest): string[] {
  return containerStatuses(pod).flatMap((status) => {
    const ended = failure(status);
    if (ended === undefined || numberAt(ended, "exitCode") !== CONFIGURATION_ERROR || at(status, "ready") === true || at(status, "state", "running") !== undefined) return [];
    const message = stringAt(ended, "message")?.trim();
    return [`container ${stringAt(status, "name")} of pod ${nameOf(pod)} can't work as it is set up (exit code ${CONFIGURATION_ERROR})${message ? `: ${message}` : ""}`];
  });
}

/** Five restarts take about five minutes with the kubelet's back-off: what it waits for would have come by then. */
const TOO_MANY_RESTARTS = 5;

/** Containers that crash over and over, one line each. */
export function crashLoops(pod: Manifest): string[] {
  return containerStatuses(pod)
    .filter((status) => stringAt(status, "state", "waiting", "reason") === "CrashLoopBackOff")
    .filter((status) => (numberAt(status, "restartCount") ?? 0) >= TOO_MANY_RESTARTS)
    .map((status) => {
      const times = numberAt(status, "restartCount");
      return `container ${stringAt(status, "name")} of pod ${nameOf(pod)} was restarted ${times} times and keeps crashing`;
    });
}

/** Names of the containers that ended badly, so that their logs may say why. */
export function brokenContainers(pod: Manifest): { name: string; restarted: boolean }[] {
  return containerStatuses(pod)
    .filter((status) => failure(status) !== undefined)
    .map((status) => ({
      name: stringAt(status, "name") ?? "",
      restarted: at(status, "state", "terminated") === undefined && (numberAt(status, "restartCount") ?? 0) > 0,
    }));
}

function containerStatuses(pod: Manifest): PropertyValue[] {
  return [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")];
}

function containerProblems(status: PropertyValue): string[] {
  if (at(status, "ready") === true) return [];
  const name = stringAt(status, "name");
  const lines: string[] = [];
  const waiting = stringAt(status, "state", "waiting", "reason");
  if (waiting && waiting !== "ContainerCreating" && waiting !== "PodInitializing") {
    lines.push(`container ${name}: [${waiting}] ${stringAt(status, "state", "waiting", "message") ?? ""}`.trim());
  }
  const ended = failure(status);
  if (ended !== undefined) {
    const message = stringAt(ended, "message");
    const reason = stringAt(ended, "reason") ?? "Error";
    const code = numberAt(ended, "exitCode");
    lines.push(`container ${name}: ended with exit code ${code} (${reason})${message ? `: ${message}` : ""}`);
  }
  return lines;
}

/** The end of a container that failed: the present one, or the last one of a container that was restarted. */
function failure(status: PropertyValue): PropertyValue | undefined {
  const ended = at(status, "state", "terminated") ?? at(status, "lastState", "terminated");
  return ended !== undefined && numberAt(ended, "exitCode") !== 0 ? ended : undefined;
}
