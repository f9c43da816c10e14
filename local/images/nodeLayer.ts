import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { tarStream } from "./tarStream.ts";

/** Node, as a layer: the very binary that runs this program, which the package `node` of our own lock file brought. */
export async function nodeLayer(workDir: string, signal: AbortSignal): Promise<Readable> {
  const bin = join(workDir, "usr", "local", "bin");
  await mkdir(bin, { recursive: true });
  await copyFile(process.execPath, join(bin, "node"));
  await chmod(join(bin, "node"), 0o755);
  return tarStream(workDir, signal);
}
