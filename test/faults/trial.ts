import { existsSync } from "node:fs";
import type { JobState } from "../../collect/jobs.ts";
import { parseEventLine, type RunEvent } from "../../images/runner/src/events.ts";
import { orderEvents } from "../../report/eventOrder.ts";
import type { FaultStack } from "./faultStack.ts";
import { HIT } from "./moment.ts";
import { SaveGate } from "./saveGate.ts";
import { until } from "./until.ts";
import type { Hold, Line } from "./wire.ts";

/** A run of a cell: what it asks, what it says, and where it is held. */
export class Trial {
  readonly name: string;
  readonly line: Line;
  /** All of its log, over all its pods. */
  readonly log: string[] = [];
  /** Where it stands until its phase has met its fault. */
  hold: Hold | undefined;
  /** Set when its Job has ended. */
  job: JobState | undefined;
  readonly #stack: FaultStack;
  #gate: SaveGate | undefined;

  constructor(stack: FaultStack, name: string) {
    this.#stack = stack;
    this.name = name;
    this.line = stack.wire.line(name);
  }

  /** Everything it told, with what was told again. */
  get told(): RunEvent[] {
    return this.log.flatMap((line) => parseEventLine(line) ?? []);
  }

  get events(): RunEvent[] {
    return orderEvents(this.told);
  }

  /** Its name at the trainer and the server. */
  get key(): string {
    const put = this.line.calls.find(({ service, method }) => service === "trainer" && method === "PUT");
    if (!put) throw new Error(`${this.name} is not known to the trainer yet`);
    return put.path.slice("/runs/".length);
  }

  /** Path of a version's weights on the disk. */
  weights(version: number): string {
    return `${this.#stack.disk.path}/${this.key}-v${version}/adapter_model.safetensors`;
  }

  /** Whether the step that the fault hits is on the disk. */
  get saved(): boolean {
    return existsSync(this.weights(HIT));
  }

  async killRunner(): Promise<void> {
    process.kill(await this.#stack.processOf("run", this.name), "SIGKILL");
  }

  /** Lets its step go to the trainer, and holds the trainer in the middle of the save. */
  async saving(): Promise<SaveGate> {
    this.#gate = new SaveGate(this.#stack.disk.path, `${this.key}-v${HIT}`);
    await this.#gate.close();
    this.hold!.release();
    await this.#gate.reached();
    return this.#gate;
  }

  /** Lets its step go to the trainer, and waits until that works on it, or has it waiting behind another one. */
  async stepping(): Promise<void> {
    this.hold!.release();
    await until(`the step of ${this.name}`, async () => {
      const metrics = await (await fetch(`${await this.#stack.addressOf("trainer")}/metrics`)).text();
      return Number(/^rewardlab_trainer_requests_waiting (\S+)/m.exec(metrics)![1]) > 0 || undefined;
    }, 10);
  }

  /** Takes away what holds it, and its Job: for a test that went wrong, so that the next one finds the services free. */
  async abandon(): Promise<void> {
    this.hold?.release();
    if (this.#gate?.closed) await this.#gate.giveUp();
    await this.#stack.removeRun(this.name);
  }

  /** Resolves when it has said something. */
  async says(pattern: RegExp): Promise<void> {
    await until(`${this.name} says ${pattern}`, () => this.log.some((line) => pattern.test(line)) || undefined);
  }
}
