import { readdirSync, readFileSync } from "node:fs";

/**
 * The first process of a container on this machine, by the pid that it has here. Found by its cgroup, which has the
 * container's id in its path, and by its pid inside, which is 1. Throws when there is none.
 *
 * @param containerId as a pod's status has it, for example containerd://0123…
 */
export function containerProcess(containerId: string): number {
  const id = containerId.replace(/^\w+:\/\//, "");
  const found = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && read(pid, "cgroup").includes(id) && /^NSpid:.*\t1$/m.test(read(pid, "status")));
  if (found.length !== 1) throw new Error(`container ${id} has ${found.length} first processes on this machine`);
  return Number(found[0]);
}

/** Empty for a process that has ended meanwhile. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
