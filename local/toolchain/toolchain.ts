import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findGo, type Go } from "./go.ts";
import { install, type InstallOptions, PARTIAL } from "./install.ts";
import { withLock } from "./lock.ts";
import type { Progress } from "./progress.ts";
import { families, type Family, goArch } from "./sources.ts";
import { familyId, readStamp } from "./stamp.ts";
import { type FamilyName, versions } from "./versions.ts";

export { ToolchainError } from "./errors.ts";
export { versions } from "./versions.ts";

export interface ToolchainOptions {
  /** The user's cache folder of rewardlab; the programs lie in `toolchain/` below it. */
  cacheDir: string;
  /** Base URL of a mirror that is used instead of the official hosts; layout in docs/toolchain.md. */
  mirrorUrl?: string;
  /** True leaves every download out: cache, then `go build`. */
  offlineDownload?: boolean;
  progress: Progress;
  signal?: AbortSignal;
}

/**
 * Name of the folder for what Go compiles, gigabytes: of use to the families that follow and to a build that goes on after an
 * interruption, and removed when all programs are there.
 */
const GO_CACHE = ".go-build";

/** The programs of the embedded stack, ready to run. */
export interface Toolchain {
  /** 12 hex digits that change whenever any family does. */
  version: string;
  /** Versions by family, without a leading `v`. */
  versions: Record<FamilyName, string>;
  /** The folder that holds one folder a family. */
  directory: string;
  /** Absolute paths. The six Kubernetes programs lie in one folder. */
  binaries: {
    etcd: string;
    kubeApiserver: string;
    kubeControllerManager: string;
    kubeScheduler: string;
    kubelet: string;
    kubectl: string;
    kubeProxy: string;
    kwok: string;
    kwokctl: string;
    coredns: string;
    kubeRouter: string;
    pulumi: string;
  };
}

/**
 * Brings the programs of the embedded stack to the cache folder and says where they are. A family that is there costs a
 * few file reads; one that isn't is downloaded or built, one process at a time (the others wait).
 *
 * Throws ToolchainError, naming each way that was tried, and the signal's reason when aborted.
 */
export async function ensureToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const { directory, ids } = await ensureFamilies(options, () => true);
  return describe(directory, ids);
}

/**
 * The Pulumi engine alone, for a stack on a cluster that this program does not start; in the same place, by the same
 * routes and with the same errors. Returns the program's path.
 */
export async function ensurePulumi(options: ToolchainOptions): Promise<string> {
  const { directory, ids } = await ensureFamilies(options, ({ name }) => name === "pulumi");
  return join(directory, [...ids.values()][0]!, "bin", "pulumi");
}

interface Installed {
  directory: string;
  /** Family → name of its folder. */
  ids: Map<Family, string>;
}

async function ensureFamilies(options: ToolchainOptions, wanted: (family: Family) => boolean): Promise<Installed> {
  const { cacheDir, progress, signal } = options;
  const arch = goArch(process.arch);
  const directory = join(cacheDir, "toolchain");
  const ids = new Map<Family, string>();
  for (const family of families(arch).filter(wanted)) ids.set(family, await familyId(family, arch));

  const goCache = join(directory, GO_CACHE);
  // Where all is complete there may still be the cache of a process that was killed before it removed it.
  if (!(await isComplete(directory, ids)) || existsSync(goCache)) {
    await mkdir(directory, { recursive: true });
    await withLock(join(directory, ".lock"), progress, signal, async () => {
      await removePartials(directory);
      let go: Promise<Go | undefined> | undefined;
      const shared: InstallOptions = {
        ...options,
        root: directory,
        goCache,
        go: () => (go ??= findGo(signal)),
        unreachable: new Map(),
      };
      for (const [family, id] of ids) await install(family, id, shared);
      await rm(goCache, { recursive: true, force: true });
    });
  }
  return { directory, ids };
}

async function isComplete(directory: string, ids: Map<Family, string>): Promise<boolean> {
  for (const [family, id] of ids) {
    if (!(await readStamp(join(directory, id), id, Object.keys(family.packages)))) return false;
  }
  return true;
}

/** Under the lock nobody else is at work: what is half-finished now belongs to a process that was killed. */
async function removePartials(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(PARTIAL)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

function describe(directory: string, ids: Map<Family, string>): Toolchain {
  const byName = new Map([...ids].map(([family, id]) => [family.name, id]));
  const path = (family: FamilyName, program: string): string => join(directory, byName.get(family)!, "bin", program);
  const kubernetes = (program: string): string => path("kubernetes", program);
  return {
    version: createHash("sha256").update([...ids.values()].join("\n")).digest("hex").slice(0, 12),
    versions: { ...versions },
    directory,
    binaries: {
      etcd: path("etcd", "etcd"),
      kubeApiserver: kubernetes("kube-apiserver"),
      kubeControllerManager: kubernetes("kube-controller-manager"),
      kubeScheduler: kubernetes("kube-scheduler"),
      kubelet: kubernetes("kubelet"),
      kubectl: kubernetes("kubectl"),
      kubeProxy: kubernetes("kube-proxy"),
      kwok: path("kwok", "kwok"),
      kwokctl: path("kwok", "kwokctl"),
      coredns: path("coredns", "coredns"),
      kubeRouter: path("kube-router", "kube-router"),
      pulumi: path("pulumi", "pulumi"),
    },
  };
}
