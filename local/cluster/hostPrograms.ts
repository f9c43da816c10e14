import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import type { LocalContext } from "../context.ts";
import { SYSTEM_PATH } from "../daemon/environment.ts";
import { ensureDebianPackages } from "../packages.ts";

/** Absolute paths of the machine's own programs that the node needs. */
export interface HostPrograms {
  containerd: string;
  ctr: string;
  runc: string;
  iptables: string;
  ipset: string;
  ip: string;
  unshare: string;
  nsenter: string;
  tar: string;
  /** The folder of the CNI plugins. */
  cniPlugins: string;
}

/** The Debian package of each program. */
const PACKAGES: Record<keyof HostPrograms, string> = {
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  iptables: "iptables",
  ipset: "ipset",
  ip: "iproute2",
  unshare: "util-linux",
  nsenter: "util-linux",
  tar: "tar",
  cniPlugins: "containernetworking-plugins",
};

const CNI_FOLDERS = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/**
 * Finds the programs, and installs the packages of those that are missing. One that's there is kept whoever brought it:
 * installing Debian's containerd over Docker's own would remove Docker.
 */
export async function ensureHostPrograms(ctx: LocalContext): Promise<HostPrograms> {
  const packages = missingHostPackages();
  if (packages.length > 0) await ensureDebianPackages(packages, ctx);
  const still = missingHostPackages();
  if (still.length > 0) throw new Error(`programs of the packages ${still.join(" ")} aren't in ${SYSTEM_PATH}`);
  const found = findHostPrograms();
  return found as HostPrograms;
}

/** Packages to install for the programs that aren't here. */
export function missingHostPackages(): string[] {
  const found = findHostPrograms();
  const names = Object.keys(PACKAGES) as (keyof HostPrograms)[];
  return [...new Set(names.filter((name) => !found[name]).map((name) => PACKAGES[name]))];
}

/** The programs that are here. */
export function findHostPrograms(): Partial<HostPrograms> {
  const cniPlugins = CNI_FOLDERS.find((folder) => existsSync(join(folder, "bridge")));
  const names = Object.keys(PACKAGES).filter((name) => name !== "cniPlugins");
  return { ...Object.fromEntries(names.map((name) => [name, findProgram(name)])), cniPlugins };
}

function findProgram(name: string): string | undefined {
  return SYSTEM_PATH.split(":")
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
