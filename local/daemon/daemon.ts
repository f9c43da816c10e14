import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalContext } from "../context.ts";
import { lastingEnvironment } from "./environment.ts";
import { type DaemonRecord, readRecord, readRecords, removeRecord, writeRecord } from "./pidFile.ts";
import { endProcess, identify, isRunning } from "./process.ts";

/** The environment variable that marks a daemon and its children with `pidDir/name`, so that strays can be found. */
export const MARKER = "REWARDLAB_DAEMON";

export interface DaemonSpec {
  /** Unique in its folder; names the pid file and the log. */
  name: string;
  command: string;
  args: string[];
  /** Added to what a lasting program gets of this process's environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Polled until it says `true`; a string says what is still missing, for the error. A throw counts as not yet. */
  ready: () => Promise<boolean | string>;
  readyWithinSeconds: number;
}

export interface DaemonDirs {
  pidDir: string;
  logDir: string;
}

/** A daemon that has a record: running, or ended without being asked to. */
export interface DaemonStatus {
  name: string;
  pid: number;
  running: boolean;
  log: string;
}

/**
 * Starts a program in a session of its own (the terminal's Ctrl-C doesn't reach it) and waits until it's ready. One that
 * already runs with the same command line is kept; one with another is ended first.
 *
 * Throws when it can't be started, ends early or isn't ready in time (with the log's last lines; one that isn't ready in
 * time is ended), and the signal's reason when aborted: then it's left running, its record says so.
 */
export async function startDaemon(spec: DaemonSpec, dirs: DaemonDirs, ctx: LocalContext): Promise<DaemonStatus> {
  ctx.signal.throwIfAborted();
  const argv = [spec.command, ...spec.args];
  const existing = readRecord(dirs.pidDir, spec.name);
  let record: DaemonRecord;
  if (existing && isRunning(existing) && JSON.stringify(existing.argv) === JSON.stringify(argv)) {
    record = existing;
  } else {
    await stopDaemon(spec.name, dirs, { graceSeconds: 5 });
    record = await launch(spec, argv, dirs);
  }
  await becomesReady(spec, record, dirs, ctx);
  return status(record);
}

async function launch(spec: DaemonSpec, argv: string[], dirs: DaemonDirs): Promise<DaemonRecord> {
  mkdirSync(dirs.logDir, { recursive: true });
  const log = join(dirs.logDir, `${spec.name}.log`);
  if (existsSync(log)) renameSync(log, join(dirs.logDir, `${spec.name}.previous.log`));
  const output = openSync(log, "a", 0o600);
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: spec.cwd,
    env: { ...lastingEnvironment(process.env), ...spec.env, [MARKER]: join(dirs.pidDir, spec.name) },
  });
  closeSync(output);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(new Error(`${spec.name}: ${spec.command} can't be started: ${error.message}`, { cause: error })),
    );
  });
  child.unref();
  const identity = identify(child.pid!);
  if (!identity) throw new Error(`${spec.name} ended at once (${argv.join(" ")})\n${lastLines(log)}`);
  const record = { name: spec.name, ...identity, argv, log };
  writeRecord(dirs.pidDir, record);
  return record;
}

async function becomesReady(spec: DaemonSpec, record: DaemonRecord, dirs: DaemonDirs, ctx: LocalContext): Promise<void> {
  const started = Date.now();
  let reported = started;
  let missing = "";
  for (;;) {
    ctx.signal.throwIfAborted();
    if (!isRunning(record)) {
      removeRecord(dirs.pidDir, spec.name);
      throw new Error(`${spec.name} ended before it was ready; the end of ${record.log}:\n${lastLines(record.log)}`);
    }
    const answer = await spec.ready().catch(causeOf);
    if (answer === true) return;
    missing = typeof answer === "string" ? answer : "";
    const now = Date.now();
    if (now - started > spec.readyWithinSeconds * 1000) {
      await stopDaemon(spec.name, dirs, { graceSeconds: 5 });
      const reason = missing ? ` (${missing})` : "";
      throw new Error(
        `${spec.name} wasn't ready after ${spec.readyWithinSeconds} s${reason}; the end of ${record.log}:\n` +
          lastLines(record.log),
      );
    }
    if (now - reported >= 2000) {
      reported = now;
      ctx.progress(`waiting for ${spec.name}${missing ? `: ${missing}` : ""}`);
    }
    await sleep(50, undefined, { signal: ctx.signal }).catch(() => undefined);
  }
}

/** Ends a daemon (`SIGTERM`, after the grace `SIGKILL`) and forgets it. Nothing happens when it isn't running. */
export async function stopDaemon(name: string, dirs: DaemonDirs, options: { graceSeconds: number }): Promise<void> {
  const record = readRecord(dirs.pidDir, name);
  if (record) await endProcess(record, options.graceSeconds);
  removeRecord(dirs.pidDir, name);
}

/** Every daemon with a record in this folder, by name. */
export function listDaemons(dirs: DaemonDirs): DaemonStatus[] {
  return readRecords(dirs.pidDir).map(status);
}

function status(record: DaemonRecord): DaemonStatus {
  return { name: record.name, pid: record.pid, running: isRunning(record), log: record.log };
}

/** What's behind an error: `fetch` itself says only that it failed. */
function causeOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/** The end of a log, for an error message. */
export function lastLines(log: string, count = 20): string {
  try {
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "(no log)";
  }
}
