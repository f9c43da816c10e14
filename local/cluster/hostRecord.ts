import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { run } from "../command.ts";

/** Kernel settings that routing needs; the values are set before anything else of the node starts. */
const NEEDED: Record<string, string> = {
  "net/ipv4/ip_forward": "1",
  "net/bridge/bridge-nf-call-iptables": "1",
};

/** Kernel settings that the kubelet and the CNI plugins change by themselves. */
const CHANGED_BY_OTHERS = [
  "kernel/keys/root_maxbytes",
  "kernel/keys/root_maxkeys",
  "kernel/panic",
  "kernel/panic_on_oops",
  "net/ipv4/conf/all/route_localnet",
  "net/ipv6/conf/all/forwarding",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
];

/** Folders outside our own that the kubelet, containerd and the CNI plugins make; outer ones first. */
export const SHARED_FOLDERS = [
  "/run/containerd",
  "/run/containerd/s",
  "/var/lib/cni",
  "/var/lib/cni/results",
  "/var/lib/kubelet",
  "/var/lib/kubelet/device-plugins",
  "/var/log/containers",
];

const recordSchema = z.strictObject({
  /** Kernel settings are of one boot. */
  bootId: z.string(),
  sysctls: z.record(z.string(), z.string()),
  /** Which of the shared folders weren't there. */
  missingFolders: z.array(z.string()),
});

export type HostRecord = z.infer<typeof recordSchema>;

const sysctlPath = (name: string): string => join("/proc/sys", name);
const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

export function readSysctl(name: string): string | undefined {
  return existsSync(sysctlPath(name)) ? readFileSync(sysctlPath(name), "utf8").trim() : undefined;
}

/** The record on disk; undefined when there's none, or one that can't be read and so can't be put back. */
export function readHostRecord(path: string): HostRecord | undefined {
  if (!existsSync(path)) return undefined;
  const parsed = recordSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return parsed.success ? parsed.data : undefined;
}

/**
 * Writes down what the machine is like, unless that was done before in this boot, and then makes it fit: the kernel
 * settings that routing needs. Throws when the kernel has no netfilter for bridges.
 */
export async function prepareHost(path: string): Promise<void> {
  // Without the module the setting isn't there; where it's built in, there is nothing to load.
  if (readSysctl("net/bridge/bridge-nf-call-iptables") === undefined) {
    await run("modprobe", ["br_netfilter"]).catch(() => undefined);
  }
  const names = [...Object.keys(NEEDED), ...CHANGED_BY_OTHERS];
  const earlier = readHostRecord(path);
  if (earlier?.bootId !== bootId()) {
    const values = names.flatMap((name) => {
      const value = readSysctl(name);
      return value === undefined ? [] : [[name, value]];
    });
    const record: HostRecord = {
      bootId: bootId(),
      sysctls: Object.fromEntries(values),
      missingFolders: earlier?.missingFolders ?? SHARED_FOLDERS.filter((folder) => !existsSync(folder)),
    };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(record, null, 2));
  }
  for (const [name, value] of Object.entries(NEEDED)) {
    if (readSysctl(name) === undefined) {
      throw new Error(
        `this kernel has no ${sysctlPath(name)}, which Services need; load the module br_netfilter, ` +
          "or use a stack on another cluster: README.md, On a cluster of your own",
      );
    }
    if (readSysctl(name) !== value) writeFileSync(sysctlPath(name), value);
  }
}

/** Puts the kernel settings back that differ from the record, when it's of this boot. */
export function restoreSysctls(record: HostRecord): void {
  if (record.bootId !== bootId()) return;
  for (const [name, value] of Object.entries(record.sysctls)) {
    if (readSysctl(name) !== undefined && readSysctl(name) !== value) writeFileSync(sysctlPath(name), value);
  }
}

/** Kernel settings that differ from the record, as `name: value, was value`. */
export function changedSysctls(record: HostRecord): string[] {
  if (record.bootId !== bootId()) return [];
  return Object.entries(record.sysctls)
    .filter(([name, value]) => readSysctl(name) !== value)
    .map(([name, value]) => `${name}: ${readSysctl(name)}, was ${value}`);
}

export function removeHostRecord(path: string): void {
  rmSync(path, { force: true });
}
