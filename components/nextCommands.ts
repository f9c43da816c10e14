import { namespaceOf, PORTS, TASK_APP } from "./names.ts";

/** What a user does once a stack is up: one command a purpose, ready to be copied. */
export function nextCommands(stack: string, runs: readonly string[], keeps: boolean): Record<string, string> {
  return {
    watch: `npx rewardlab watch --stack ${stack}`,
    logs: `npx rewardlab logs --stack ${stack} --run-name ${runs[0] ?? "NAME"}`,
    report: `npx rewardlab report --stack ${stack}`,
    portForward: `kubectl -n ${namespaceOf(stack)} port-forward service/${TASK_APP} ${PORTS.taskApp}`,
    down: `npx rewardlab down --stack ${stack}`,
    // `down` collects, too; `pulumi destroy` leaves the results where they are.
    ...(keeps && { collect: `npx rewardlab collect --stack ${stack}` }),
  };
}
