import { readFileSync } from "node:fs";

const GIB_IN_KIB = 1024 ** 2;

/** GiB that programs could still get, from the text of /proc/meminfo (proc_meminfo(5)). Throws when it does not say. */
export function availableGiB(meminfo: string): number {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo);
  if (!found) throw new Error("/proc/meminfo has no MemAvailable: this kernel is older than 3.14, or this is not Linux.");
  return Number(found[1]) / GIB_IN_KIB;
}

/** Watches the whole machine's memory, once a second: containers and their page tables count, caches that can go do not. */
export class MemoryWatch {
  readonly #read: () => string;
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #least: number;

  constructor(read: () => string = () => readFileSync("/proc/meminfo", "utf8")) {
    this.#read = read;
    this.#before = this.#least = availableGiB(read());
    this.#timer = setInterval(() => this.sample(), 1000);
  }

  sample(): void {
    this.#least = Math.min(this.#least, availableGiB(this.#read()));
  }

  /** Ends the watch. Returns the GiB by which the machine had less than at the start, at the worst moment. */
  stop(): number {
    clearInterval(this.#timer);
    this.sample();
    return this.#before - this.#least;
  }
}
