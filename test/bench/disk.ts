import { existsSync } from "node:fs";
import { run } from "../../local/command.ts";

/** Bytes that a folder takes on its own file system, by `du`; 0 when there is none. Files may go while it counts. */
export async function bytesIn(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  // du's status is 1 when a file went between its listing and its reading; what it prints counts all others.
  const text = await run("sh", ["-c", 'du -skx "$1" 2>/dev/null || true', "sh", folder]);
  return kibibytes(text) * 1024;
}

/** The number in a line of `du -sk`; 0 for none, which it prints for a folder that is gone. */
export function kibibytes(text: string): number {
  return Number.parseInt(text, 10) || 0;
}

/** The most that a folder took at any moment, looked at every ten seconds. */
export class DiskWatch {
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  peakBytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#timer = setInterval(() => (this.#looking = this.look()), 10_000);
  }

  async look(): Promise<void> {
    this.peakBytes = Math.max(this.peakBytes, await bytesIn(this.#folder));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.look();
  }
}
