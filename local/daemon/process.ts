import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { sendSignal } from "../signal.ts";

/** A process named so that a reused pid is never mistaken for it. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks after boot: field 22 of /proc/PID/stat, see proc(5). */
  startTicks: string;
  /** Which boot the ticks count from: a file that outlives the machine's restart must not name a live process. */
  bootId: string;
}

/** State letter and start time out of the text of /proc/PID/stat; the command in parentheses may hold anything. */
export function parseStat(text: string): { state: string; startTicks: string } {
  const fields = text.slice(text.lastIndexOf(")") + 2).trim().split(" ");
  return { state: fields[0] ?? "?", startTicks: fields[19] ?? "" };
}

/** The process that runs under this pid now; undefined when there is none or when it's a zombie, which has ended. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const { state, startTicks } = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    if (state === "Z" || state === "X") return undefined;
    return { pid, startTicks, bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() };
  } catch {
    return undefined;
  }
}

/** Whether the very process that was recorded is still running. */
export function isRunning(recorded: ProcessIdentity): boolean {
  const now = identify(recorded.pid);
  return now !== undefined && now.startTicks === recorded.startTicks && now.bootId === recorded.bootId;
}

/**
 * Ends a process: `SIGTERM`, then after the grace `SIGKILL` to it and, when it leads one, to its process group.
 * Resolves when it's gone; `true` when it went without the second signal.
 */
export async function endProcess(recorded: ProcessIdentity, graceSeconds: number): Promise<boolean> {
  if (!isRunning(recorded)) return true;
  sendSignal(recorded.pid, "SIGTERM");
  if (await endsWithin(recorded, graceSeconds)) return true;
  sendSignal(-recorded.pid, "SIGKILL");
  sendSignal(recorded.pid, "SIGKILL");
  if (!(await endsWithin(recorded, 10))) {
    throw new Error(`process ${recorded.pid} is still there 10 s after SIGKILL (stuck in the kernel?)`);
  }
  return false;
}

async function endsWithin(recorded: ProcessIdentity, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1000;
  while (isRunning(recorded)) {
    if (Date.now() >= until) return false;
    await sleep(25);
  }
  return true;
}
