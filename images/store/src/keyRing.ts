import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * The keys that open the store: the one in a file, which the cluster changes in place when it is rotated, and those that
 * were there before, since a run goes on with the key that it started with.
 */
export class KeyRing {
  readonly #file: string;
  readonly #keys: string[] = [];

  /** Throws an Error when the file can't be read, or is empty. */
  constructor(file: string) {
    this.#file = file;
    this.#read();
  }

  /** Whether an Authorization header holds one of them. Reads the file again before it refuses. */
  accepts(header: string | undefined): boolean {
    if (this.#matches(header)) return true;
    this.#read();
    return this.#matches(header);
  }

  #matches(header = ""): boolean {
    const given = Buffer.from(header);
    return this.#keys.some((key) => {
      const expected = Buffer.from(`Bearer ${key}`);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }

  #read(): void {
    const key = readFileSync(this.#file, "utf8").trim();
    if (key === "") throw new Error(`${this.#file} is empty`);
    if (!this.#keys.includes(key)) this.#keys.push(key);
  }
}
