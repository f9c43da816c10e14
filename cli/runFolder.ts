import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEventLine, type RunEvent } from "../images/runner/src/events.ts";
import { type Usage, usage } from "../report/usage.ts";
import { UserError } from "./exit.ts";

/** runs/<stack>/<time>/: what was collected of one execution of a stack. */
export class RunFolder {
  readonly path: string;
  readonly events = new Map<string, RunEvent[]>();
  /** What pods and Jobs held when the cluster was last asked; null where it never was. */
  usage: Usage | null = null;

  /** Opens a new folder for runs that start now. */
  static create(root: string, stack: string, now: Date, runs: readonly string[]): RunFolder {
    const folder = new RunFolder(join(root, stack, now.toISOString().slice(0, 19).replaceAll(":", "-")));
    for (const run of runs) folder.open(run);
    return folder;
  }

  /** Writes what a run has said as its folder has it. */
  static writeLog(runPath: string, lines: readonly string[]): void {
    writeFileSync(join(runPath, "log.txt"), lines.map((line) => `${line}\n`).join(""));
    writeFileSync(join(runPath, "events.jsonl"), lines.filter((line) => parseEventLine(line) !== null).map((line) => `${line}\n`).join(""));
  }

  /** Reads a folder back. Throws UserError when it is not there, holds no run, or holds a damaged event or usage. */
  static async load(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path);
    const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`${path} cannot be read (${error.code}). Give a folder of a finished execution: runs/STACK/TIME.`);
    });
    const names = entries.filter((entry) => entry.isDirectory());
    for (const { name } of names) {
      const text = await readFile(join(path, name, "events.jsonl"), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      if (text !== null) folder.events.set(name, eventsOf(text, join(path, name, "events.jsonl")));
    }
    folder.usage = await usageOf(join(path, USAGE));
    if (folder.events.size === 0) throw new UserError(`${path} holds no run: expected RUN/events.jsonl in it. Give a folder of a finished execution: runs/STACK/TIME.`);
    return folder;
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** Folder of the trace files of the task app. */
  get traces(): string {
    return join(this.path, "traces");
  }

  /** Keeps a line of a run's log at once, so that an interrupted command loses nothing that it has shown. */
  add(run: string, line: string): void {
    appendFileSync(join(this.path, run, "log.txt"), `${line}\n`);
    const event = parseEventLine(line);
    if (event === null) return;
    appendFileSync(join(this.path, run, "events.jsonl"), `${line}\n`);
    this.events.get(run)!.push(event);
  }

  /** Keeps what pods and Jobs held, for the bill: when the stack is gone nobody can be asked. */
  addUsage(usage: Usage): void {
    writeFileSync(join(this.path, USAGE), `${JSON.stringify(usage, null, 2)}\n`);
    this.usage = usage;
  }

  /** Puts other lines in the place of all that was kept of a run's log. */
  replace(run: string, lines: readonly string[]): void {
    RunFolder.writeLog(join(this.path, run), lines);
    this.events.set(run, lines.flatMap((line) => parseEventLine(line) ?? []));
  }

  /** Makes the folder of a run that has said nothing yet. */
  open(run: string): void {
    mkdirSync(join(this.path, run), { recursive: true });
    appendFileSync(join(this.path, run, "events.jsonl"), "");
    this.events.set(run, []);
  }
}

const USAGE = "usage.json";

async function usageOf(file: string): Promise<Usage | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  try {
    return text === null ? null : usage.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(`${file}: is no usage of this version (${(error as Error).message.split("\n")[0]}). Remove the file to make the report without a bill.`);
  }
}

function eventsOf(text: string, file: string): RunEvent[] {
  return text.split("\n").flatMap((line, index) => {
    try {
      return parseEventLine(line) ?? [];
    } catch (error) {
      throw new UserError(`${file}:${index + 1}: is no event of this version (${(error as Error).message.split("\n")[0]}). Remove the line, or collect the run again.`);
    }
  });
}

/** The newest folder of a stack; null when it has none. */
export async function newestFolder(root: string, stack: string): Promise<string | null> {
  const names = await readdir(join(root, stack)).catch(() => []);
  const newest = names.sort().at(-1);
  return newest === undefined ? null : join(root, stack, newest);
}
