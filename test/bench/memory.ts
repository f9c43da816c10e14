import { readdirSync, readFileSync } from "node:fs";
import { cgroupProcesses } from "../../local/cgroups.ts";
import { layout } from "../../local/cluster/layout.ts";
import { markedProcesses } from "../../local/cluster/strays.ts";
import { imagesLayout } from "../../local/images/layout.ts";

/**
 * Memory of the embedded stack as the sum of PSS (proportional set size, proc_pid_smaps(5)): of what processes share, files
 * that they map included, each has its part, so the sum counts it once. Page cache that nobody has mapped is not in it,
 * since the kernel gives it back for the asking; nor is the kernel's own memory.
 */

/** PSS in bytes out of the text of /proc/PID/smaps_rollup. Throws when it holds none. */
export function pssBytes(rollup: string): number {
  const found = /^Pss:\s+(\d+) kB$/m.exec(rollup);
  if (!found) throw new Error("smaps_rollup has no Pss: this kernel is older than 4.14.");
  return Number(found[1]) * 1024;
}

/** Of processes with their parents, those that descend from `root`, without itself. */
export function descendants(parents: ReadonlyMap<number, number>, root: number): number[] {
  const children = [...parents].filter(([, parent]) => parent === root).map(([pid]) => pid);
  return children.flatMap((pid) => [pid, ...descendants(parents, pid)]);
}

function parentsNow(): Map<number, number> {
  return new Map(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const status = readProc(Number(name), "status");
    const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
    return parent === undefined ? [] : [[Number(name), Number(parent)] as const];
  }));
}

/** Empty for a process that ended meanwhile. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/**
 * Every process of the embedded stack: daemons and their children by the mark in their environment (control plane, kubelet,
 * containerd and its shims, Docker engine, registry), pods and image builds by their cgroup, and what the bench itself
 * started: command line, engine, providers.
 */
export function stackProcesses(dirs: { cacheDir: string; stateDir: string }): number[] {
  const daemons = [layout(dirs).pidDir, imagesLayout(dirs).pidDir].flatMap((pidDir) => markedProcesses(pidDir).map(({ pid }) => pid));
  const pods = [...cgroupProcesses("node"), ...cgroupProcesses("builds")];
  return [...new Set([...daemons, ...pods, ...descendants(parentsNow(), process.pid)])];
}

/** The worst moment of some processes' memory, looked at every other second. */
export class MemoryWatch {
  readonly #pids: () => number[];
  readonly #timer: NodeJS.Timeout;
  peak = { bytes: 0, processes: 0 };

  constructor(pids: () => number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.sample(), 2000);
  }

  sample(): void {
    const rollups = this.#pids().map((pid) => readProc(pid, "smaps_rollup")).filter((text) => text !== "");
    const bytes = rollups.reduce((sum, text) => sum + pssBytes(text), 0);
    if (bytes > this.peak.bytes) this.peak = { bytes, processes: rollups.length };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.sample();
  }
}
