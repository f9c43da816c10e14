import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { lastingEnvironment } from "./daemon/environment.ts";
import { sendSignal } from "./signal.ts";

export interface CommandOptions {
  signal?: AbortSignal;
  /** Added to the environment that this process has. */
  env?: Record<string, string>;
  /** For a program that starts lasting ones: of this process's environment only what those may need. */
  lasting?: boolean;
  cwd?: string;
  /** Written to the program's standard input. */
  input?: string;
  /** Called with every line of either output as it comes. */
  onLine?: (line: string) => void;
  /**
   * The program leads a process group of its own: an abort and this process's exit end its children too, and the terminal's
   * Ctrl-C reaches none of them.
   */
  group?: boolean;
  /** Seconds between asking the program to end and making it. */
  graceSeconds?: number;
}

const GRACE_SECONDS = 5;

/** A program that ended with another status than 0; the message holds the command line and the end of its output. */
export class CommandError extends Error {
  readonly status: number | null;
  readonly output: string;

  constructor(argv: string[], status: number | null, killedBy: NodeJS.Signals | null, output: string) {
    const end = output.trimEnd().split("\n").slice(-15).join("\n");
    super(`${argv.join(" ")} ended with ${killedBy === null ? `status ${status}` : killedBy}${end ? `:\n${end}` : ""}`);
    this.name = "CommandError";
    this.status = status;
    this.output = output;
  }
}

/**
 * Runs a program without a shell and resolves to its standard output.
 * Throws `CommandError` for a status other than 0, the system's error when the program isn't there, and the signal's
 * reason when aborted, once the program and all that write to its output have ended.
 */
export async function run(command: string, args: string[], options: CommandOptions = {}): Promise<string> {
  options.signal?.throwIfAborted();
  const stdio: StdioOptions = [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"];
  const child = spawn(command, args, {
    stdio,
    detached: options.group ?? false,
    cwd: options.cwd,
    env: { ...(options.lasting ? lastingEnvironment(process.env) : process.env), ...options.env },
  });
  const release = endOnAbort(child, options);
  let output = "";
  let everything = "";
  const watch = lineSplitter(options.onLine);
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    everything += text;
    watch(text);
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    everything += text;
    watch(text);
  });
  // A program that ends without reading its input is judged by its status, not by the broken pipe.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input);
  const [status, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...how) => resolve(how));
  }).finally(release);
  options.signal?.throwIfAborted();
  if (status !== 0) throw new CommandError([command, ...args], status, killedBy, everything);
  return output;
}

/** Asks the program to end when the signal is aborted, and after the grace makes it; asks its group when this process exits. */
function endOnAbort(child: ChildProcess, { signal, group, graceSeconds = GRACE_SECONDS }: CommandOptions): () => void {
  let insist: NodeJS.Timeout | undefined;
  const send = (name: NodeJS.Signals): void => void (group ? sendToGroup(child, name) : child.kill(name));
  const end = (): void => {
    send("SIGTERM");
    insist = setTimeout(() => send("SIGKILL"), graceSeconds * 1000);
  };
  // Else a build would go on alone after an exit that didn't wait for the abort.
  const endGroup = (): void => sendToGroup(child, "SIGTERM");
  signal?.addEventListener("abort", end, { once: true });
  if (group) process.once("exit", endGroup);
  return () => {
    clearTimeout(insist);
    signal?.removeEventListener("abort", end);
    process.removeListener("exit", endGroup);
  };
}

function sendToGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) sendSignal(-pid, name);
}

function lineSplitter(onLine: ((line: string) => void) | undefined): (text: string) => void {
  let rest = "";
  return (text) => {
    if (!onLine) return;
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  };
}
