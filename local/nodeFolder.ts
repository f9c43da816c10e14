import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const folderOf = (stateDir: string): string => join(stateDir, "node");

/**
 * The folder that a cluster's pods share on this machine: adapters, optimizers and checkpoints of its runs. What another
 * cluster left in it is removed: nothing of that can be gone on with, since a run is known by its Job's uid.
 */
export async function openNodeFolder(stateDir: string, clusterIdentifier: string): Promise<string> {
  const folder = folderOf(stateDir);
  const record = join(folder, "cluster");
  if ((await readFile(record, "utf8").catch(() => "")) !== clusterIdentifier) {
    await removeNodeFolder(stateDir);
    await mkdir(folder, { recursive: true });
    await writeFile(record, clusterIdentifier);
  }
  return folder;
}

/** Removes it, once the cluster is gone. */
export async function removeNodeFolder(stateDir: string): Promise<void> {
  await rm(folderOf(stateDir), { recursive: true, force: true });
}
