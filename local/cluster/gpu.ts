import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Kubectl } from "./kubectl.ts";

/** The resource that a GPU node's device plugin announces. */
export const GPU_RESOURCE = "nvidia.com/gpu";

/** Where the kubelet's device manager keeps what it knows; the folder is fixed in the kubelet. */
export const DEVICE_CHECKPOINT = "/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint";

/** The checkpoint of a device manager without plugins, with the checksum that kubelet 1.35 makes of it. */
const EMPTY_CHECKPOINT = '{"Data":{"PodDeviceEntries":null,"RegisteredDevices":{}},"Checksum":3467439661}';

/** A part of what GPU feature discovery sets; the product says that there is no GPU behind the resource. */
export const GPU_LABELS: Record<string, string> = {
  "nvidia.com/gpu.present": "true",
  "nvidia.com/gpu.product": "none-cpu-stand-in",
};

/**
 * A kubelet that finds no checkpoint takes its node for a new one and sets every extended resource to zero; then it
 * would refuse the pods that hold GPUs. To be called before each of its starts.
 */
export function keepGpusOverRestarts(): void {
  if (existsSync(DEVICE_CHECKPOINT)) return;
  mkdirSync(dirname(DEVICE_CHECKPOINT), { recursive: true });
  writeFileSync(DEVICE_CHECKPOINT, EMPTY_CHECKPOINT, { mode: 0o600 });
}

/** JSON patch of a node's status: the API's way to announce a resource by hand, `~1` being a slash (RFC 6901). */
export function gpuPatch(gpus: number): object[] {
  const resource = GPU_RESOURCE.replaceAll("/", "~1");
  return ["capacity", "allocatable"].map((part) => ({
    op: "add",
    path: `/status/${part}/${resource}`,
    value: String(gpus),
  }));
}

/** Gives the node its GPUs, for the scheduler alone: nothing is passed into a container. */
export async function announceGpus(kubectl: Kubectl, nodeName: string, gpus: number): Promise<void> {
  const patch = JSON.stringify(gpuPatch(gpus));
  await kubectl(["patch", "node", nodeName, "--subresource=status", "--type=json", "-p", patch]);
  await kubectl(["label", "--overwrite", "node", nodeName, `nvidia.com/gpu.count=${gpus}`]);
}
