import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MOUNT = "/sys/fs/cgroup";
/** The cgroup below which everything of the embedded stack is; each part has a child of its own. */
export const CGROUP = "rewardlab";
/** Controllers that the kubelet's pods need. */
const NEEDED = ["cpu", "cpuset", "memory", "pids"];

/** `node`: the pods. `builds`: the containers of image builds. */
export type CgroupPart = "node" | "builds";

/** A part's path as programs are told it. */
export function cgroupPath(part: CgroupPart): string {
  return `/${CGROUP}/${part}`;
}

/** Controllers that this machine lacks, on either version of cgroups. */
export function missingControllers(): string[] {
  if (isUnified()) {
    const present = readFileSync(join(MOUNT, "cgroup.controllers"), "utf8").trim().split(" ");
    return NEEDED.filter((controller) => !present.includes(controller));
  }
  return NEEDED.filter((controller) => !existsSync(join(MOUNT, controller, "cgroup.procs")));
}

/** Makes a part's cgroup in every hierarchy: the kubelet refuses a root that isn't there. */
export function makeCgroups(part: CgroupPart): void {
  for (const hierarchy of hierarchies()) {
    mkdirSync(join(hierarchy, CGROUP, part), { recursive: true });
    // On cgroup v2 a controller reaches a child only when its parent hands it down.
    for (const folder of isUnified() ? [hierarchy, join(hierarchy, CGROUP)] : []) {
      for (const name of NEEDED) writeFileSync(join(folder, "cgroup.subtree_control"), `+${name}`);
    }
  }
}

/** A part's cgroup in every hierarchy that has it, and the common parent where it's there for no other part. */
export function cgroupsOf(part: CgroupPart): string[] {
  return hierarchies().flatMap((hierarchy) => {
    const parent = join(hierarchy, CGROUP);
    if (!existsSync(parent)) return [];
    const children = subfolders(parent);
    const own = join(parent, part);
    return [...(children.every((child) => child === own) ? [parent] : []), ...(children.includes(own) ? [own] : [])];
  });
}

/** Pids of all processes in a part's cgroup and below it. */
export function cgroupProcesses(part: CgroupPart): number[] {
  const roots = hierarchies().map((hierarchy) => join(hierarchy, CGROUP, part));
  return [...new Set(roots.filter((root) => existsSync(root)).flatMap(withDescendants).flatMap(processesIn))];
}

/** Removes a part's cgroups, and the common parent where no other part uses it; throws while a process is in one. */
export function removeCgroups(part: CgroupPart): void {
  const folders = new Set(cgroupsOf(part).flatMap(withDescendants));
  // Inner ones have the longer paths.
  for (const folder of [...folders].sort((one, other) => other.length - one.length)) {
    try {
      rmdirSync(folder);
    } catch (error) {
      // Who made a container's cgroup also removes it, a moment after the container's end.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Whether the one hierarchy of cgroup v2 is mounted (then it alone holds the controllers). */
function isUnified(): boolean {
  return existsSync(join(MOUNT, "cgroup.controllers"));
}

/** One on cgroup v2, one a controller on v1. */
function hierarchies(): string[] {
  return isUnified() ? [MOUNT] : subfolders(MOUNT);
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
