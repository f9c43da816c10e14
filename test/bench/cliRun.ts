import { join } from "node:path";
import { PROJECT_ROOT } from "../../components/settings.ts";
import { CommandError, run } from "../../local/command.ts";
import { Interrupted } from "../../cli/exit.ts";

export interface CliRun {
  stdout: string;
  /** Standard error, line by line; some lines of standard output may be between them. */
  lines: string[];
  wallSeconds: number;
}

/**
 * Runs the command line as its user does and times it. Its progress goes on to this process's standard error. Ctrl-C
 * reaches it by the terminal; it ends in order and this process waits.
 *
 * @throws CommandError when it fails: there are no figures of that, Interrupted when the user stopped it
 */
export async function timeCli(args: string[]): Promise<CliRun> {
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
    if (/^ *[\d.]+ s {2}/.test(line)) process.stderr.write(`${line}\n`);
  };
  const start = performance.now();
  try {
    const stdout = await run(process.execPath, [join(PROJECT_ROOT, "cli", "main.ts"), ...args], { cwd: PROJECT_ROOT, onLine });
    return { stdout, lines, wallSeconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (error instanceof CommandError && error.status === 130) throw new Interrupted("Stopped; nothing was measured.");
    throw error;
  } finally {
    process.off("SIGINT", ignore);
  }
}
