import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { type Deployment, settlePending } from "./pendingOperations.ts";

/**
 * Brings the state in line with the cluster after a run that was cut off in the middle of an operation. Does nothing
 * after a run that ended on its own.
 */
export async function recoverPending(stack: Stack, progress: (message: string) => void, signal: AbortSignal): Promise<void> {
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

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n").find((line) => line.trim() !== "") ?? "";
}
