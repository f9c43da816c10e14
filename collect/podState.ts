import type { V1Pod } from "@kubernetes/client-node";

/** Why a pod does not run yet or no longer, in words; empty when it runs. Reads the API's own reasons, never guesses. */
export function podTrouble(pod: V1Pod): string {
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
