import { Writable } from "node:stream";

/** Gives each line that is written to it to a function. */
export class Capture extends Writable {
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    super();
    this.#onLine = onLine;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const line of chunk.toString().trim().split("\n")) this.#onLine(line);
    done();
  }
}
