import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { endProcess, identify, isRunning, type ProcessIdentity } from "../daemon/process.ts";

const OWNER = "owner.json";

/** How long an orphaned engine gets to finish what it has begun before it's ended. */
const GRACE_SECONDS = 20;

/** The stack is being changed by another process that is alive. */
export class StackBusy extends Error {
  constructor(stackName: string, pid: number, host: string) {
    super(
      `another run is changing the stack ${stackName} (process ${pid} on ${host}). Wait until it has ended, or end it ` +
        `with: kill -INT ${pid}`,
    );
    this.name = "StackBusy";
  }
}

export interface LockPlace {
  workDir: string;
  backendDir: string;
  projectName: string;
  stackName: string;
}

/** Says that this process runs the engine in `workDir`, so that a later one can tell an orphaned engine from a busy one. */
export function claim(workDir: string): void {
  writeFileSync(join(workDir, OWNER), JSON.stringify(identify(process.pid)));
}

/**
 * Removes the locks that dead processes left on the stack. An engine that outlived the process that drove it is ended
 * first. Throws `StackBusy` when somebody is at work.
 */
export async function releaseStaleLocks(place: LockPlace, progress: (message: string) => void): Promise<void> {
  const { backendDir, projectName, stackName } = place;
  const folder = join(backendDir, ".pulumi", "locks", "organization", projectName, stackName);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    const file = join(folder, name);
    const lock = readLock(file);
    const holder = lock.hostname === hostname() ? identify(lock.pid) : undefined;
    const isForeign = lock.hostname !== hostname();
    if (isForeign || (holder && isPulumi(holder.pid) && ownerLives(place.workDir))) {
      throw new StackBusy(stackName, lock.pid, lock.hostname);
    }
    if (holder && isPulumi(holder.pid)) {
      progress(`ending the Pulumi engine that an interrupted run left behind (process ${holder.pid})`);
      await endProcess(holder, GRACE_SECONDS);
    }
    progress(`removing the stack's lock of process ${lock.pid}, which has ended`);
    // The store keeps a file's attributes beside it.
    for (const path of [file, `${file}.attrs`]) rmSync(path, { force: true });
  }
}

function readLock(file: string): { pid: number; hostname: string } {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { pid: number; hostname: string };
  } catch {
    // The writer was killed between creating and filling it.
    return { pid: 0, hostname: hostname() };
  }
}

function isPulumi(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
  } catch {
    return false;
  }
}

/** Whether the process that last drove the engine here is alive; without a record nobody of ours does. */
function ownerLives(workDir: string): boolean {
  const file = join(workDir, OWNER);
  if (!existsSync(file)) return true;
  const owner = JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  return isRunning(owner);
}
