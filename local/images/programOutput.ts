import { spawn } from "node:child_process";
import { PassThrough, type Readable } from "node:stream";
import { createInterface } from "node:readline";

export interface ProgramOptions {
  signal: AbortSignal;
  /** Added to the environment that this process has. */
  env?: Record<string, string>;
  /** Called with each line that the program writes to its standard error. */
  onLine?: (line: string) => void;
}

/** What a program writes to its standard output. The stream ends when the program ends well, and fails when it doesn't. */
export function programOutput(command: string, args: string[], { signal, env, onLine }: ProgramOptions): Readable {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], signal, env: { ...process.env, ...env } });
  const output = new PassThrough({ highWaterMark: 1 << 20 });
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > 15) tail.shift();
    onLine?.(line);
  });
  child.once("error", (error) => output.destroy(error));
  // Not by the end of its output: a program that fails closes that too, and half a layer must not look like a whole one.
  child.stdout.pipe(output, { end: false });
  child.once("close", (status) => {
    if (status === 0) output.end();
    else output.destroy(new Error(`${command} ended with status ${status}:\n${tail.join("\n")}`));
  });
  return output;
}
