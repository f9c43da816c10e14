import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { dirname } from "node:path";
import { cgroupProcesses } from "../cgroups.ts";
import { MARKER } from "../daemon/daemon.ts";
import { type ProcessIdentity, identify } from "../daemon/process.ts";

/** A process that belongs to the embedded node. */
export interface NodeProcess extends ProcessIdentity {
  command: string;
  /** The daemon whose environment it inherited, or `pod` for one that runs in a container. */
  owner: string;
}

/** Processes that inherited the marker of a daemon of this folder: the daemons, their children, containers' shims. */
export function markedProcesses(pidDir: string): NodeProcess[] {
  const prefix = `${MARKER}=${pidDir}/`;
  return pids().flatMap((pid) => {
    const entry = readProc(pid, "environ")
      .split("\0")
      .find((variable) => variable.startsWith(prefix));
    return entry ? describe(pid, entry.slice(prefix.length)) : [];
  });
}

/** Processes that have this `NAME=value` in their environment. */
export function processesWith(variable: string): ProcessIdentity[] {
  return pids().flatMap((pid) => (readProc(pid, "environ").split("\0").includes(variable) ? (identify(pid) ?? []) : []));
}

/** State folders of embedded nodes that run beside the one of this folder: they'd share the bridge and the cgroup. */
export function foreignStateDirs(pidDir: string): string[] {
  const suffix = pidDir.slice(dirname(dirname(pidDir)).length);
  const others = pids().flatMap((pid) => {
    const entry = readProc(pid, "environ")
      .split("\0")
      .find((variable) => variable.startsWith(`${MARKER}=`));
    const folder = entry ? dirname(entry.slice(MARKER.length + 1)) : pidDir;
    return folder !== pidDir && folder.endsWith(suffix) && identify(pid) ? [folder.slice(0, -suffix.length)] : [];
  });
  return [...new Set(others)];
}

/** Processes of containers, found by their cgroup, which even a process that changed its environment can't leave. */
export function podProcesses(): NodeProcess[] {
  return cgroupProcesses("node").flatMap((pid) => describe(pid, "pod"));
}

/** Programs of another Kubernetes node that share this network: their firewall rules have the same names as ours. */
export function foreignNodeProcesses(pidDir: string): NodeProcess[] {
  const ours = new Set(markedProcesses(pidDir).map((process) => process.pid));
  return pids()
    .filter((pid) => !ours.has(pid) && inThisNetwork(pid))
    .filter((pid) => /^(kubelet|kube-proxy|k3s-server|k3s-agent|k0s|rke2)$/.test(readProc(pid, "comm").trim()))
    .flatMap((pid) => describe(pid, "another Kubernetes"));
}

function describe(pid: number, owner: string): NodeProcess[] {
  const identity = identify(pid);
  return identity ? [{ ...identity, owner, command: readProc(pid, "comm").trim() }] : [];
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Empty for a process that ended meanwhile. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function inThisNetwork(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync("/proc/self/ns/net");
  } catch {
    return false;
  }
}
