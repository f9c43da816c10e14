import { createGzip } from "node:zlib";

/** Traces of episodes, compressed as they come, so that an iteration's are not held in full. */
export class TraceBatch {
  readonly #gzip = createGzip();
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<void>;
  #bytes = 0;

  constructor() {
    this.#gzip.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    });
    this.#ended = new Promise((resolve, reject) => this.#gzip.once("end", resolve).once("error", reject));
  }

  /** Bytes so far. */
  get size(): number {
    return this.#bytes;
  }

  add(trace: unknown): void {
    this.#gzip.write(`${JSON.stringify(trace)}\n`);
  }

  /** No trace comes any more. Can be called again. */
  async finish(): Promise<Buffer> {
    this.#gzip.end();
    await this.#ended;
    return Buffer.concat(this.#chunks);
  }
}
