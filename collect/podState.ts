import type { V1Pod } from "@kubernetes/client-node";
import { LABEL, TURN_GATE } from "../components/names.ts";

/** What holds a run up until the servers of its pair are ready. */
export const WAITS_FOR_TURN = "it waits for its pair's turn, and for the pair's servers to be ready";

/** Why a pod does not run yet or no longer, in words; empty when it runs. Reads the API's own reasons, never guesses. */
export function podTrouble(pod: V1Pod): string {
  if (pod.spec?.schedulingGates?.some(({ name }) => name === TURN_GATE)) return pod.metadata?.labels?.[LABEL.pair] ? "it waits for its pair's turn" : WAITS_FOR_TURN;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name, state, lastState } of statuses) {
    if (state?.waiting?.reason && state.waiting.reason !== "ContainerCreating" && state.waiting.reason !== "PodInitializing") {
      const ended = lastState?.terminated?.message?.trim();
      return `${name}: ${[state.waiting.reason, state.waiting.message, ended].filter(Boolean).join(": ")}`;
    }
    if (state?.terminated && state.terminated.exitCode !== 0) return `${name}: exit code ${state.terminated.exitCode} (${state.terminated.message?.trim() || (state.terminated.reason ?? "no reason given")})`;
  }
  const unscheduled = pod.status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False");
  return unscheduled?.message ?? pod.status?.message ?? "";
}
