import type { Access } from "./access.ts";
import { LABEL } from "../components/names.ts";
import { LogTail } from "./logTail.ts";

/** All lines of a run's log so far, over all its pods in the order in which they were made. A pod without a log has none. */
export async function collectLogs(access: Access, run: string, container: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const { items } = await access.core.listNamespacedPod({ namespace: access.namespace, labelSelector: `${LABEL.run}=${run}` });
  const lines: string[] = [];
  for (const pod of items.sort((a, b) => Number(a.metadata!.creationTimestamp) - Number(b.metadata!.creationTimestamp))) {
    const state = pod.status?.containerStatuses?.find((status) => status.name === container)?.state;
    if (state?.running || state?.terminated) lines.push(...(await new LogTail().read(access, pod.metadata!.name!, container)));
  }
  return lines;
}
