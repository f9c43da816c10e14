import { rmSync } from "node:fs";
import { join } from "node:path";
import type { LocalContext } from "../context.ts";
import { withLock } from "../toolchain/lock.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { ensureHostPrograms } from "./hostPrograms.ts";
import { layout } from "./layout.ts";
import { Phases } from "./phases.ts";
import { type ClusterSettings, defaultSettings } from "./settings.ts";
import { coreIsUp, startCore, startNode } from "./start.ts";
import { foreignNodeProcesses, foreignStateDirs } from "./strays.ts";
import { teardown } from "./teardown.ts";

export { pruneImages } from "./images.ts";
export { type Leftover, inventory } from "./inventory.ts";
export { type ClusterSettings, defaultSettings } from "./settings.ts";

export interface ClusterDirs {
  /** Survives a clean-up; the image store is here. */
  cacheDir: string;
  /** All the rest is below this one. */
  stateDir: string;
}

export interface ClusterOptions extends ClusterDirs, LocalContext {
  toolchain: Toolchain;
  /** `host:port` of the loopback registry that pods' images come from, over plain HTTP. */
  registryAddress: string;
  /** How many `nvidia.com/gpu` the node announces. */
  gpus: number;
  settings?: ClusterSettings;
}

export interface StopOptions extends ClusterDirs {
  progress: (message: string) => void;
  settings?: ClusterSettings;
}

/** A running one-node cluster. */
export interface Cluster {
  /** Path of a kubeconfig that needs no other file. */
  kubeconfig: string;
  context: string;
  /** UID of the namespace kube-system: another one after every start from nothing. */
  clusterIdentifier: string;
  nodeName: string;
  nodeAddress: string;
  /** Path of containerd's socket; the kubelet's images are in its namespace `k8s.io`. */
  containerdAddress: string;
  /** Seconds of each phase of this start. */
  phases: Record<string, number>;
}

/**
 * Starts the embedded node, or takes the one that runs. Where its core (containerd, control plane) runs, the programs
 * that don't are started beside it; anything less is torn down first, and the cluster is then a new, empty one.
 *
 * Throws with the failing program's last log lines, and the signal's reason when aborted; both leave what a later start
 * or `cleanCluster` takes care of.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { progress, signal, toolchain, registryAddress, gpus, settings = defaultSettings } = options;
  const ctx: LocalContext = { progress, signal };
  const places = layout(options);
  return locked(options, signal, async () => {
    const phases = new Phases(ctx);
    const programs = await phases.run("programs", () => ensureHostPrograms(ctx));
    const foreign = foreignNodeProcesses(places.pidDir);
    if (foreign.length > 0) {
      const names = foreign.map(({ command, pid }) => `${command} (pid ${pid})`).join(", ");
      throw new Error(`this is a node of another Kubernetes: ${names}; use that one: README.md, On a cluster of your own`);
    }
    const plan = { settings, layout: places, toolchain, programs, registryAddress, gpus };
    if (!(await coreIsUp(plan, signal))) {
      await phases.run("clean-up", () => teardown(settings, places, progress));
      await startCore(plan, phases, ctx);
    }
    const clusterIdentifier = await startNode(plan, phases, ctx);
    return {
      kubeconfig: places.kubeconfig,
      context: settings.context,
      clusterIdentifier,
      nodeName: settings.nodeName,
      nodeAddress: settings.nodeAddress,
      containerdAddress: places.containerd.socket,
      phases: phases.seconds,
    };
  });
}

/** Ends the node and undoes what it changed on the machine; its logs and the image store stay. */
export async function stopCluster(options: StopOptions): Promise<void> {
  const { progress, settings = defaultSettings } = options;
  await locked(options, undefined, () => teardown(settings, layout(options), progress));
}

/** Like `stopCluster`, and removes its logs too: then nothing is left outside the cache. */
export async function cleanCluster(options: StopOptions): Promise<void> {
  const { progress, settings = defaultSettings } = options;
  await locked(options, undefined, async () => {
    await teardown(settings, layout(options), progress);
    rmSync(layout(options).home, { recursive: true, force: true });
  });
}

/** Two starts at once would tear each other down; so would two nodes, which have the same bridge and cgroup. */
function locked<T>(
  options: ClusterDirs & { progress: (message: string) => void },
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(join(options.cacheDir, "cluster.lock"), options.progress, signal, async () => {
    const others = foreignStateDirs(layout(options).pidDir);
    if (others.length > 0) {
      throw new Error(`another embedded node runs, with its state in ${others.join(" and ")}; clean that one up first`);
    }
    return work();
  });
}
