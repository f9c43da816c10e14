import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { CGROUP } from "./settings.ts";

const MOUNT = "/sys/fs/cgroup";

/** Our cgroup and all below it, in every hierarchy (one on cgroup v2, one a controller on v1); inner ones last. */
export function cgroupFolders(): string[] {
  if (!existsSync(MOUNT)) return [];
  const roots = [MOUNT, ...subfolders(MOUNT)].map((folder) => join(folder, CGROUP)).filter((folder) => existsSync(folder));
  return roots.flatMap(withDescendants);
}

/** Removes them; throws while a process is still in one. */
export function removeCgroups(): void {
  for (const folder of cgroupFolders().reverse()) rmdirSync(folder);
}

function withDescendants(folder: string): string[] {
  return [folder, ...subfolders(folder).flatMap(withDescendants)];
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}
