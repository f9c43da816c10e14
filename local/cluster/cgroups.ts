import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CGROUP } from "./settings.ts";

const MOUNT = "/sys/fs/cgroup";

/** Controllers that the kubelet's pods need. */
const NEEDED = ["cpu", "cpuset", "memory", "pids"];

/** Whether the one hierarchy of cgroup v2 is mounted (then it alone holds the controllers). */
function isUnified(): boolean {
  return existsSync(join(MOUNT, "cgroup.controllers"));
}

/** Controllers that this machine lacks, on either version of cgroups. */
export function missingControllers(): string[] {
  if (isUnified()) {
    const present = readFileSync(join(MOUNT, "cgroup.controllers"), "utf8").trim().split(" ");
    return NEEDED.filter((controller) => !present.includes(controller));
  }
  return NEEDED.filter((controller) => !existsSync(join(MOUNT, controller, "cgroup.procs")));
}

/** Makes our cgroup in every hierarchy: the kubelet refuses a root that isn't there. */
export function makeCgroups(): void {
  if (isUnified()) {
    // A controller reaches a child only when its parent hands it down.
    for (const name of NEEDED) writeFileSync(join(MOUNT, "cgroup.subtree_control"), `+${name}`);
  }
  const hierarchies = isUnified() ? [MOUNT] : subfolders(MOUNT);
  for (const hierarchy of hierarchies) mkdirSync(join(hierarchy, CGROUP), { recursive: true });
}

/** Our cgroup in every hierarchy that has it. */
export function cgroupRoots(): string[] {
  return [MOUNT, ...subfolders(MOUNT)].map((folder) => join(folder, CGROUP)).filter((folder) => existsSync(folder));
}

/** Pids of all processes in our cgroup and below it. */
export function cgroupProcesses(): number[] {
  const lists = cgroupRoots().flatMap(withDescendants).map(processesIn);
  return [...new Set(lists.flat())];
}

/** Removes our cgroups; throws while a process is still in one. */
export function removeCgroups(): void {
  for (const folder of cgroupRoots().flatMap(withDescendants).reverse()) {
    try {
      rmdirSync(folder);
    } catch (error) {
      // containerd removes a container's cgroup by itself, a moment after its end.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

function processesIn(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function withDescendants(folder: string): string[] {
  return [folder, ...subfolders(folder).flatMap(withDescendants)];
}

/** Empty for a folder that's gone meanwhile; symbolic links (other names of a hierarchy) are left out. */
function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}
