import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../local/command.ts";

/**
 * A disk of a few hundred MiB in memory, at a folder of the embedded node: one that a test can fill. Mounted where the
 * node's own programs see it, before a pod is given the folder; it is gone with the node.
 */
export class SmallDisk {
  /** The folder, as this process reaches it. */
  readonly path: string;
  readonly #folder: string;
  readonly #node: number;

  /** @param node pid of a process whose mounts are the node's */
  constructor(folder: string, node: number) {
    this.#folder = folder;
    this.#node = node;
    this.path = `/proc/${node}/root${folder}`;
  }

  async mount(mebibytes: number): Promise<void> {
    const script = 'mkdir -p "$1" && mount -t tmpfs -o "size=$2m,mode=755" tmpfs "$1"';
    await run("nsenter", [`--mount=/proc/${this.#node}/ns/mnt`, "sh", "-c", script, "sh", this.#folder, String(mebibytes)]);
  }

  /** Leaves so many bytes free. */
  fill(leave = 0): void {
    const { bfree, bsize } = statfsSync(this.path);
    const zeros = Buffer.alloc(1024 * 1024);
    const file = openSync(this.#filler, "w");
    try {
      for (let left = bfree * bsize - leave; left > 0; left -= zeros.length) writeSync(file, zeros, 0, Math.min(left, zeros.length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  sizeOf(...path: string[]): number {
    return statSync(join(this.path, ...path)).size;
  }

  get #filler(): string {
    return join(this.path, "filler");
  }
}
