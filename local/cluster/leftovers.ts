import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DEVICE_CHECKPOINT } from "./gpu.ts";
import { SHARED_FOLDERS } from "./hostRecord.ts";
import type { Layout } from "./layout.ts";
import { NETWORK } from "./settings.ts";

/** Files of the node outside its own folder, in places that are fixed in the kubelet, containerd or the CNI library. */
export function filesOutside(layout: Layout): string[] {
  return [
    ...shimSockets(layout),
    ...entries("/var/lib/cni/results").filter((path) => path.startsWith(`/var/lib/cni/results/${NETWORK}-`)),
    ...entries("/var/log/containers").filter((path) => pointsInto(path, layout.kubelet.podLogs)),
  ];
}

/** Removes them and, of the folders that weren't there before, those that are empty now. */
export function removeFilesOutside(layout: Layout, missingBefore: string[]): void {
  for (const path of filesOutside(layout)) rmSync(path, { force: true });
  const devices = dirname(DEVICE_CHECKPOINT);
  if (missingBefore.includes(devices)) rmSync(devices, { recursive: true, force: true });
  for (const folder of [...SHARED_FOLDERS].reverse()) {
    if (missingBefore.includes(folder) && existsSync(folder) && entries(folder).length === 0) rmdirSync(folder);
  }
}

/** A shim writes its socket's address, in /run/containerd whatever the configuration, into its task's folder. */
function shimSockets(layout: Layout): string[] {
  const tasks = join(layout.containerd.state, "io.containerd.runtime.v2.task", "k8s.io");
  return entries(tasks).flatMap((task) => {
    const file = join(task, "address");
    if (!existsSync(file)) return [];
    const socket = readFileSync(file, "utf8").trim().replace(/^unix:\/\//, "");
    return existsSync(socket) ? [socket] : [];
  });
}

function pointsInto(path: string, folder: string): boolean {
  return lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${folder}/`);
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
