import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { parseEventLine, type RunEvent } from "../src/events.ts";
import { run } from "../src/run.ts";
import type { Settings } from "../src/settings.ts";
import type { RunSpec } from "../src/runSpec.ts";
import { fakeSpec } from "./fakeSpec.ts";
import { FakeTaskApp } from "./fakeTaskApp.ts";
import { FakeTrainer } from "./fakeTrainer.ts";
import { FakeVllm } from "./fakeVllm.ts";

/** Keeps what a run writes, line by line, and can call back on each event. */
export class Capture extends Writable {
  text = "";
  onEvent: (event: RunEvent) => void = () => {};

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const line of chunk.toString().trim().split("\n")) {
      const event = parseEventLine(line);
      if (event) this.onEvent(event);
    }
    done();
  }

  get lines(): string[] {
    return this.text.trim().split("\n");
  }

  get events(): RunEvent[] {
    return this.lines.flatMap((line) => parseEventLine(line) ?? []);
  }
}

/** The three fake services on loopback ports, and a run against them in this process. */
export class FakeStack implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "rewardlab-runner-"));
  readonly taskApp = new FakeTaskApp();
  readonly vllm = new FakeVllm();
  readonly trainer = new FakeTrainer(this.folder);

  static async start(): Promise<FakeStack> {
    const stack = new FakeStack();
    await Promise.all([stack.taskApp.start(), stack.vllm.start(), stack.trainer.start()]);
    return stack;
  }

  spec(change?: (spec: RunSpec) => void): RunSpec {
    return fakeSpec({ taskApp: this.taskApp.url, vllm: this.vllm.url, trainer: this.trainer.url }, change);
  }

  /** Runs to the end in this process; `signal` may stop it before. */
  async run(spec: RunSpec = this.spec(), out = new Capture(), signal = new AbortController().signal, otherKeys: Partial<Settings> = {}) {
    const keys = { synthApiKey: this.vllm.apiKey, environmentApiKey: this.taskApp.apiKey, ...otherKeys };
    const code = await run({ spec, runKey: `${spec.name}-0a1b2c3d`, ...keys }, out, signal);
    return { code, events: out.events, lines: out.lines };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.taskApp.stop(), this.vllm.stop(), this.trainer.stop()]);
    rmSync(this.folder, { recursive: true });
  }
}

/** All events of one type. */
export function ofType<T extends RunEvent["type"]>(
  events: readonly RunEvent[],
  type: T,
): Extract<RunEvent, { type: T }>[] {
  return events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
}
