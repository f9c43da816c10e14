import { Writable } from "node:stream";

/** A stream that passes everything on, and shows each whole line once it is out: what is kept was said. */
export class LineTee extends Writable {
  readonly #out: NodeJS.WritableStream;
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(out: NodeJS.WritableStream, onLine: (line: string) => void) {
    super({ decodeStrings: false });
    this.#out = out;
    this.#onLine = onLine;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#out.write(chunk, (error) => {
      if (error) return done(error);
      const lines = (this.#rest + chunk.toString()).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) this.#onLine(line);
      done();
    });
  }
}
