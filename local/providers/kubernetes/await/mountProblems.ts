import type { CoreV1Api } from "@kubernetes/client-node";
import { listAt, type Manifest, nameOf, namespaceOf, stringAt } from "../manifest.ts";

/**
 * Why volumes of some pods can't be mounted, one line a pod: a folder of the node that isn't there, a missing Secret. The
 * kubelet tells of it in events alone; the pod's own status only stays at ContainerCreating.
 */
export async function mountProblems(core: CoreV1Api, pods: Manifest[]): Promise<string[]> {
  const lines: string[] = [];
  for (const pod of pods.filter(isCreating)) {
    const fieldSelector = `involvedObject.uid=${stringAt(pod, "metadata", "uid")},reason=FailedMount`;
    const { items } = await core.listNamespacedEvent({ namespace: namespaceOf(pod) ?? "default", fieldSelector });
    const newest = items.sort((a, b) => Number(a.lastTimestamp) - Number(b.lastTimestamp)).at(-1);
    if (newest) lines.push(`pod ${nameOf(pod)}: [FailedMount] ${newest.message}`);
  }
  return lines;
}

function isCreating(pod: Manifest): boolean {
  const statuses = [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")];
  return statuses.some((status) => /^(ContainerCreating|PodInitializing)$/.test(stringAt(status, "state", "waiting", "reason") ?? ""));
}
