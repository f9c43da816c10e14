import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Seconds between asking a program to end and ending it, where the caller doesn't say. */
const GRACE_SECONDS = 5;
/** Lines of output that an error quotes. */
const TAIL_LINES = 15;

/** A program ended with another status than 0. */
export class CommandError extends Error {
  override name = "CommandError";
}

export interface CommandOptions {
  cwd?: string;
  signal?: AbortSignal;
  /** Called with each line of standard error. */
  onErrorLine?: (line: string) => void;
  graceSeconds?: number;
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * It leads a process group of its own, so that an abort reaches its children too: first `SIGTERM`, then `SIGKILL`; the
 * promise settles when all that write to its output have ended. Throws {@link CommandError} with the last lines of standard error, the signal's
 * reason when aborted, and what `spawn` throws (`ENOENT` where there is no such program).
 */
export async function runCommand(command: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, signal, onErrorLine, graceSeconds = GRACE_SECONDS } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const tail: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    onErrorLine?.(line);
  });
  const endGroup = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // Gone already.
    }
  };
  let killer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    endGroup("SIGTERM");
    killer = setTimeout(() => endGroup("SIGKILL"), graceSeconds * 1000);
  };
  // Else a build would go on alone after an exit that didn't wait for the abort.
  const onExit = (): void => endGroup("SIGTERM");
  signal?.addEventListener("abort", onAbort, { once: true });
  process.once("exit", onExit);
  try {
    const status = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, by) => resolve(by === null ? `status ${code}` : `signal ${by}`));
    });
    signal?.throwIfAborted();
    if (status !== "status 0") {
      throw new CommandError([`${command} ended with ${status}`, ...tail].join("\n  "));
    }
    return output;
  } finally {
    clearTimeout(killer);
    signal?.removeEventListener("abort", onAbort);
    process.removeListener("exit", onExit);
  }
}
