import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identify, isRunning, type ProcessIdentity } from "../daemon/process.ts";

/** A file whose presence says that an environment is complete, and whose time says when it was last asked for. */
export const STAMP = "rewardlab-stamp.json";
/** Folder in an environment with a file for each process that was given it. */
const USERS = "users";

/** Notes that this process was given an environment: it may start programs of it at any time until it ends. */
export async function noteUser(directory: string): Promise<void> {
  const users = join(directory, USERS);
  await mkdir(users, { recursive: true });
  for (const name of await readdir(users)) {
    if (!(await isUser(join(users, name)))) await rm(join(users, name), { force: true });
  }
  await writeFile(join(users, `${process.pid}.json`), JSON.stringify(identify(process.pid)));
}

/** A half-written note is one of a process that was killed as it began. */
async function isUser(note: string): Promise<boolean> {
  try {
    return isRunning(JSON.parse(await readFile(note, "utf8")) as ProcessIdentity);
  } catch {
    return false;
  }
}

/** Whether a process has been given this environment, or runs a program of it: programs outlive a killed parent. */
export async function isInUse(directory: string): Promise<boolean> {
  const notes = await readdir(join(directory, USERS)).catch(() => []);
  const users = await Promise.all(notes.map((note) => isUser(join(directory, USERS, note))));
  return users.includes(true) || readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`${directory}/`));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(join("/proc", pid, "cmdline"), "utf8");
  } catch {
    return "";
  }
}

/**
 * Removes environments of this name but the given one: each has gigabytes. Those stay that a process uses or is making, and
 * those that somebody asked for less than `spareMs` milliseconds ago.
 */
export async function dropOldEnvs(root: string, name: string, current: string, spareMs: number): Promise<void> {
  const folders = (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && new RegExp(`^${name}-[0-9a-f]{12}$`).test(entry.name))
    .map((entry) => join(root, entry.name))
    .filter((folder) => folder !== current);
  for (const folder of folders) {
    const stamp = await stat(join(folder, STAMP)).catch(() => undefined);
    const maker = (await readFile(`${folder}.lock`, "utf8").catch(() => "")).trim();
    const inTheMaking = !stamp && maker !== "" && existsSync(join("/proc", maker));
    if (inTheMaking || Date.now() - (stamp?.mtimeMs ?? 0) < spareMs || (await isInUse(folder))) continue;
    // The stamp first: a removal that is cut short must not leave what looks complete.
    await rm(join(folder, STAMP), { force: true });
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.lock`, { force: true });
  }
}
