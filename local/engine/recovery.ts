import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import type { LocalContext } from "../context.ts";
import { type Deployment, settlePending } from "./pendingOperations.ts";

interface Place extends LocalContext {
  backendDir: string;
  projectName: string;
  stackName: string;
}

/**
 * Brings the state in line with the cluster after a run that was cut off in the middle of an operation. Does nothing
 * after a run that ended on its own.
 */
export async function recoverPending(stack: Stack, place: Place): Promise<void> {
  const { progress, signal } = place;
  if (!mayHavePending(place)) return;
  const exported = await stack.exportStack();
  const { pending_operations: pending = [] } = (exported.deployment ?? {}) as Deployment;
  if (pending.length === 0) return;
  progress(`the last run was cut off during ${pending.length} operation(s): looking what became of them`);
  const settled = settlePending(exported.deployment as Deployment);
  await stack.importStack({ ...exported, deployment: settled.deployment });
  if (settled.refresh.length === 0) return;
  try {
    await stack.refresh({ target: settled.refresh, signal });
  } catch (error) {
    signal.throwIfAborted();
    progress(`they can't be looked up (${firstLine(error)}): leaving them to the next operation`);
  }
}

/** Where the engine's file backend keeps a stack's state. */
export const stateFile = ({ backendDir, projectName, stackName }: Pick<Place, "backendDir" | "projectName" | "stackName">): string =>
  join(backendDir, ".pulumi", "stacks", projectName, `${stackName}.json`);

/** A look into the state's file: asking the engine takes half a second, and nearly always there's nothing. */
function mayHavePending(place: Place): boolean {
  const file = stateFile(place);
  return existsSync(file) && readFileSync(file, "utf8").includes('"pending_operations"');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n").find((line) => line.trim() !== "") ?? "";
}
