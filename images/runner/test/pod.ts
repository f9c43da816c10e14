import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEventLine, type RunEvent } from "../src/events.ts";
import type { RunSpec } from "../src/runSpec.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** Node 24 from the package `node`, where the tests themselves run on an older one that can't read TypeScript. */
const PACKAGED_NODE = fileURLToPath(new URL("../../../node_modules/node/bin/node", import.meta.url));
const NODE = existsSync(PACKAGED_NODE) ? PACKAGED_NODE : process.execPath;

/** Where the tests keep what Node compiled, if anywhere: compiling takes longer than these runs. */
const compiled = process.env.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } : {};

/** The runner as a process of its own, as a Job's pod runs it. */
export class Pod {
  readonly child: ChildProcess;
  text = "";

  constructor(folder: string, spec: RunSpec, env: Record<string, string>) {
    const path = join(folder, "run.json");
    writeFileSync(path, JSON.stringify(spec));
    this.child = spawn(NODE, [MAIN], {
      env: { PATH: process.env.PATH ?? "", RUN_SPEC_PATH: path, ...compiled, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout!.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
    this.child.stderr!.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Exit code, or null for a killed one, once all its output is read. */
  async ended(): Promise<number | null> {
    const [code] = (await once(this.child, "close")) as [number | null];
    return code;
  }

  get events(): RunEvent[] {
    return this.text
      .trim()
      .split("\n")
      .flatMap((line) => parseEventLine(line) ?? []);
  }
}

/** The events of a run from the logs of its pods, by the rule of events.ts. */
export function merged(...pods: Pod[]): RunEvent[] {
  let events: RunEvent[] = [];
  for (const pod of pods) {
    const first = pod.events[0]?.seq ?? Number.POSITIVE_INFINITY;
    events = [...events.filter((event) => event.seq < first), ...pod.events];
  }
  return events;
}
