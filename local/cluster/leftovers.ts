import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DEVICE_CHECKPOINT } from "./gpu.ts";
import { SHARED_FOLDERS } from "./hostRecord.ts";
import type { Layout } from "./layout.ts";
import { NETWORK } from "./settings.ts";

const RESULTS = "/var/lib/cni/results";

/**
 * Files of the node outside its own folder, in places that are fixed in the kubelet, containerd or the CNI library.
 *
 * @param missingBefore shared folders that were not there before the node
 */
export function filesOutside(layout: Layout, missingBefore: readonly string[]): string[] {
  return [
    ...shimSockets(layout),
    ...ownResults(entries(RESULTS).map((path) => basename(path)), missingBefore.includes(RESULTS)).map((name) => join(RESULTS, name)),
    ...entries("/var/log/containers").filter((path) => pointsInto(path, layout.kubelet.podLogs)),
  ];
}

/** Removes them and, of the folders that weren't there before, those that are empty now. */
export function removeFilesOutside(layout: Layout, missingBefore: string[]): void {
  for (const path of filesOutside(layout, missingBefore)) rmSync(path, { force: true });
  const devices = dirname(DEVICE_CHECKPOINT);
  if (missingBefore.includes(devices)) rmSync(devices, { recursive: true, force: true });
  for (const folder of [...SHARED_FOLDERS].reverse()) {
    if (missingBefore.includes(folder) && existsSync(folder) && entries(folder).length === 0) rmdirSync(folder);
  }
}

/**
 * Of the files in which the CNI library remembers networks, NETWORK-SANDBOX-INTERFACE, those of our sandboxes. Beside our own network
 * containerd gives each sandbox a loopback under a name that every containerd uses; where the folder is ours, all of them are.
 */
export function ownResults(names: readonly string[], folderIsOurs: boolean): string[] {
  const sandboxes = new Set(names.filter((name) => name.startsWith(`${NETWORK}-`)).map((name) => name.slice(NETWORK.length + 1).split("-")[0]));
  const isLoopback = (name: string) => name.startsWith(LOOPBACK);
  return names.filter((name) => name.startsWith(`${NETWORK}-`) || (isLoopback(name) && (folderIsOurs || sandboxes.has(name.slice(LOOPBACK.length).split("-")[0]))));
}
const LOOPBACK = "cni-loopback-";

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
