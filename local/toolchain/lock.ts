import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ToolchainError } from "./errors.ts";
import { type Progress, secondsSince, ticking } from "./progress.ts";

/**
 * Runs `work` while no other process runs under the same lock file; waits for one that does.
 *
 * The lock is the kernel's, taken and held by util-linux's `flock`, whose holder ends when this process's pipe to it
 * closes: a process killed at any moment leaves no lock behind. The file holds the owner's pid, for the message alone.
 * Throws the signal's reason when aborted while waiting.
 */
export async function withLock<T>(
  file: string,
  progress: Progress,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  await mkdir(dirname(file), { recursive: true });
  const start = Date.now();
  const owner = await readFile(file, "utf8").catch(() => "");
  const release = await ticking(
    progress,
    () => `waiting for another process${owner.trim() && ` (pid ${owner.trim()})`} that uses ${file} (${secondsSince(start)} s)`,
    () => acquire(file, signal),
  );
  try {
    await writeFile(file, `${process.pid}\n`);
    return await work();
  } finally {
    await release();
  }
}

/** Resolves with the function that gives the lock back. */
async function acquire(file: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  // A process group of its own: the terminal's Ctrl-C must not take the lock from a build that is still ending.
  const holder = spawn("flock", ["--no-fork", file, "sh", "-c", "echo held; exec cat"], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  holder.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const ended = new Promise<void>((resolve) => holder.once("close", () => resolve()).once("error", () => resolve()));
  const onAbort = (): void => void holder.kill("SIGKILL");
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once("data", () => resolve());
      holder.once("error", (error) => reject(new ToolchainError(`flock: ${error.message}; install util-linux`)));
      holder.once("close", () => reject(signal?.reason ?? new ToolchainError(`flock ${file}: ${complaint.trim()}`)));
    });
    signal?.throwIfAborted();
  } catch (error) {
    holder.kill("SIGKILL");
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
