import { closeSync, constants, createReadStream, existsSync, lstatSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../local/command.ts";
import { until } from "./until.ts";

/**
 * Holds a trainer in the middle of a save: the version's files are whole under a temporary name, nothing is renamed, and the
 * step has not happened. Its next act is to write the version's checksums, and the file for them is a pipe that nobody reads.
 */
export class SaveGate {
  readonly #folder: string;
  readonly #adapter: string;

  /** @param folder of the adapters, as this process reaches it */
  constructor(folder: string, adapter: string) {
    this.#folder = folder;
    this.#adapter = adapter;
  }

  /** The weights under their temporary name. */
  get weights(): string {
    return join(this.#folder, `.tmp-${this.#adapter}`, "adapter_model.safetensors");
  }

  get closed(): boolean {
    return lstatSync(this.#pipe, { throwIfNoEntry: false })?.isFIFO() ?? false;
  }

  get #pipe(): string {
    return join(this.#folder, `.tmp-${this.#adapter}.sha256`);
  }

  async close(): Promise<void> {
    await run("mkfifo", ["--mode=666", this.#pipe]);
  }

  /** Resolves when the trainer stands before it. */
  async reached(): Promise<void> {
    const config = join(this.#folder, `.tmp-${this.#adapter}`, "adapter_config.json");
    await until(`the save of ${this.#adapter}`, () => (existsSync(this.weights) && existsSync(config)) || undefined);
  }

  /** Lets the save go on as if nothing had been: a plain file takes the pipe's place before anybody reads from it. */
  async open(): Promise<void> {
    const aside = `${this.#pipe}.held`;
    renameSync(this.#pipe, aside);
    const file = openSync(this.#pipe, "w");
    // What the trainer writes into the pipe belongs into the file, whatever the name that it has by then.
    writeSync(file, await text(createReadStream(aside)));
    closeSync(file);
    rmSync(aside);
  }

  /** Lets everybody through, whoever stands before it; nothing is promised of the checksums. */
  async giveUp(): Promise<void> {
    const aside = `${this.#pipe}.held`;
    renameSync(this.#pipe, aside);
    writeFileSync(this.#pipe, "");
    const both = openSync(aside, constants.O_RDWR | constants.O_NONBLOCK);
    await sleep(500);
    closeSync(both);
    rmSync(aside);
  }

  /** For a trainer that has died before it. */
  remove(): void {
    rmSync(this.#pipe, { force: true });
  }
}
