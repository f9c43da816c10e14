import { type CoreV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from "@kubernetes/client-node";

/** Writes parts of a pod's status where no kubelet does, whoever else writes to the pod meanwhile. */
export async function patchPodStatus(core: CoreV1Api, { metadata }: V1Pod, status: V1Pod["status"]): Promise<void> {
  const pod = { namespace: metadata!.namespace!, name: metadata!.name! };
  await core.patchNamespacedPodStatus({ ...pod, body: { status } }, setHeaderOptions("Content-Type", PatchStrategy.MergePatch));
}
