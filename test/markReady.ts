import type { CoreV1Api } from "@kubernetes/client-node";
import { patchPodStatus } from "../local/providers/testPodStatus.ts";

/** Says of every pod of a server that it is ready, where no kubelet does; pods of runs stay as they are. */
export async function markReady(core: CoreV1Api): Promise<void> {
  const { items } = await core.listPodForAllNamespaces({ labelSelector: "rewardlab.dev/part,rewardlab.dev/part!=run" });
  for (const pod of items.filter(({ status }) => status?.phase === "Pending")) {
    await patchPodStatus(core, pod, { phase: "Running", conditions: ["PodScheduled", "Ready"].map((type) => ({ type, status: "True", lastTransitionTime: new Date() })) });
  }
}
