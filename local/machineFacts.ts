import { existsSync, readFileSync, statSync, statfsSync } from "node:fs";
import { BlockList, isIPv4 } from "node:net";
import { dirname } from "node:path";
import { missingControllers } from "./cgroups.ts";
import { missingHostPackages } from "./cluster/hostPrograms.ts";
import { layout } from "./cluster/layout.ts";
import { type ClusterSettings, defaultSettings } from "./cluster/settings.ts";
import { foreignNodeProcesses, foreignStateDirs } from "./cluster/strays.ts";
import { MARKER } from "./daemon/daemon.ts";
import { portHolders, type WantedPort } from "./listeners.ts";

export interface TakenPort {
  port: number;
  use: string;
  /** As `command (pid N)`; absent when it can't be seen. */
  holder?: string;
}

/** What the embedded stack must know of a machine before it starts. */
export interface MachineFacts {
  platform: string;
  arch: string;
  uid: number;
  stateDir: string;
  takenPorts: TakenPort[];
  disks: { folder: string; needGiB: number; haveGiB: number }[];
  hasApt: boolean;
  missingPackages: string[];
  missingControllers: string[];
  /** Processes of another Kubernetes node in this network, as `command (pid N)`. */
  foreignNodes: string[];
  /** State folders of other embedded nodes that run. */
  foreignStateDirs: string[];
  overlappingRoutes: { range: string; route: string }[];
}

export interface FactsOptions {
  cacheDir: string;
  stateDir: string;
  /** Room that's needed for the caches and for the state; on one disk the sum is needed. */
  needGiB: { cache: number; state: number };
  /** Ports besides the cluster's own. */
  ports?: { port: number; use: string }[];
  settings?: ClusterSettings;
}

/** Reads them off this machine; changes nothing. Off Linux only the first three are filled in. */
export function machineFacts(options: FactsOptions): MachineFacts {
  const { cacheDir, stateDir, needGiB, ports = [], settings = defaultSettings } = options;
  const base = { platform: process.platform, arch: process.arch, uid: process.getuid?.() ?? -1, stateDir };
  const nothing = { takenPorts: [], disks: [], hasApt: false, missingPackages: [], missingControllers: [] };
  const none = { ...nothing, foreignNodes: [], foreignStateDirs: [], overlappingRoutes: [] };
  if (process.platform !== "linux") return { ...base, ...none };
  // Names are answered at the node's own address: the machine's own name server may have that port at another one.
  const clusterPorts = Object.entries(settings.ports).map(([use, port]) => ({ port, use: `the cluster (${use})`, ...(use === "dns" && { address: settings.nodeAddress }) }));
  const { pidDir } = layout({ cacheDir, stateDir });
  const foreign = foreignNodeProcesses(pidDir);
  return {
    ...base,
    takenPorts: takenPorts([...clusterPorts, ...ports], stateDir),
    disks: disks([
      { folder: cacheDir, needGiB: needGiB.cache },
      { folder: stateDir, needGiB: needGiB.state },
    ]),
    hasApt: existsSync("/usr/bin/apt-get"),
    missingPackages: missingHostPackages(),
    missingControllers: missingControllers(),
    foreignNodes: foreign.map(({ command, pid }) => `${command} (pid ${pid})`),
    foreignStateDirs: foreignStateDirs(pidDir),
    overlappingRoutes: overlaps(
      [settings.podRange, settings.serviceRange],
      parseRoutes(readFileSync("/proc/net/route", "utf8"), settings.bridge),
    ),
  };
}

/** Ports that programs of this state folder have are not taken: a start reuses or replaces those. */
function takenPorts(wanted: (WantedPort & { use: string })[], stateDir: string): TakenPort[] {
  const holders = portHolders(wanted);
  return wanted.flatMap(({ port, use }) => {
    if (!holders.has(port)) return [];
    const holder = holders.get(port);
    if (holder?.environment.some((entry) => entry.startsWith(`${MARKER}=${stateDir}/`))) return [];
    return [{ port, use, holder: holder && `${holder.command} (pid ${holder.pid})` }];
  });
}

/** One entry a disk, under its first folder's name. */
function disks(wanted: { folder: string; needGiB: number }[]): MachineFacts["disks"] {
  const byDisk = Map.groupBy(wanted, ({ folder }) => statSync(existing(folder)).dev);
  return [...byDisk.values()].map((folders) => {
    const folder = folders[0]!.folder;
    const { bavail, bsize } = statfsSync(existing(folder));
    const needGiB = folders.reduce((sum, wish) => sum + wish.needGiB, 0);
    return { folder, needGiB, haveGiB: (bavail * bsize) / 1024 ** 3 };
  });
}

/** The innermost folder on the way that exists. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

/** Networks in the text of /proc/net/route (little-endian hexadecimal) but the default one and those of `except`. */
export function parseRoutes(text: string, except: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [device, destination, , , , , , mask] = line.trim().split(/\s+/);
    if (!mask || mask === "00000000" || device === except || !/^[0-9A-F]{8}$/.test(destination ?? "")) return [];
    const address = [...Buffer.from(destination!, "hex")].reverse().join(".");
    const bits = parseInt(mask, 16).toString(2).replaceAll("0", "").length;
    return [`${address}/${bits}`];
  });
}

/** Pairs of networks (as `address/bits`, IPv4) that have addresses in common. */
export function overlaps(ranges: string[], routes: string[]): { range: string; route: string }[] {
  return ranges.flatMap((range) =>
    routes.filter((route) => contains(range, route) || contains(route, range)).map((route) => ({ range, route })),
  );
}

function contains(outer: string, inner: string): boolean {
  const [address, bits] = outer.split("/");
  const list = new BlockList();
  if (!address || !isIPv4(address)) return false;
  list.addSubnet(address, Number(bits), "ipv4");
  return list.check(inner.split("/")[0]!, "ipv4");
}
