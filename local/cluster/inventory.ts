import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { cgroupsOf } from "../cgroups.ts";
import { ownedAddressSets } from "./addressSets.ts";
import { ownedFirewall } from "./firewall.ts";
import { findHostPrograms } from "./hostPrograms.ts";
import { SHARED_FOLDERS, changedSysctls, readHostRecord } from "./hostRecord.ts";
import { type Layout, layout } from "./layout.ts";
import { filesOutside } from "./leftovers.ts";
import { type ClusterSettings, defaultSettings } from "./settings.ts";
import { markedProcesses, podProcesses } from "./strays.ts";

export type LeftoverKind = "process" | "mount" | "interface" | "firewall rule" | "address set" | "cgroup" | "file" | "kernel setting";

/** Something on the machine that the embedded node made or changed. */
export interface Leftover {
  kind: LeftoverKind;
  name: string;
}

/** Everything of the embedded node that's on the machine now, but for the cache; empty after a clean-up. */
export async function inventory(
  dirs: { cacheDir: string; stateDir: string },
  settings: ClusterSettings = defaultSettings,
): Promise<Leftover[]> {
  const places = layout(dirs);
  const of = (kind: LeftoverKind, names: string[]): Leftover[] => names.map((name) => ({ kind, name }));
  const processes = [...markedProcesses(places.pidDir), ...podProcesses()];
  const { iptables, ipset } = findHostPrograms();
  const record = readHostRecord(places.hostRecord);
  return [
    ...of("process", [...new Set(processes.map(({ pid, command, owner }) => `${pid} ${command} (${owner})`))]),
    ...of("mount", mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), [places.home, places.containerd.root])),
    ...of("interface", interfaces(settings.bridge)),
    ...of("firewall rule", iptables ? await ownedFirewall(dirname(iptables)) : []),
    ...of("address set", ipset ? await ownedAddressSets(ipset) : []),
    ...of("cgroup", cgroupsOf("node")),
    ...of("file", files(places, record?.missingFolders ?? [])),
    ...of("kernel setting", record ? changedSysctls(record) : []),
  ];
}

/** Mount points at or below these folders. `mountinfo`: see proc(5); the fifth field, with octal escapes. */
export function mountsBelow(mountinfo: string, folders: string[]): string[] {
  return mountinfo
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((field) => field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))))
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)));
}

/** The bridge and what hangs on it. */
function interfaces(bridge: string): string[] {
  const folder = `/sys/class/net/${bridge}`;
  if (!existsSync(folder)) return [];
  return [bridge, ...(existsSync(`${folder}/brif`) ? readdirSync(`${folder}/brif`) : [])];
}

function files(places: Layout, missingBefore: string[]): string[] {
  const made = SHARED_FOLDERS.filter((folder) => missingBefore.includes(folder) && existsSync(folder));
  return [...(existsSync(places.home) ? [places.home] : []), ...filesOutside(places, missingBefore), ...made];
}
