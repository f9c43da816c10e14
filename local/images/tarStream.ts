import type { Readable } from "node:stream";
import { programOutput } from "./programOutput.ts";

/** A folder as a layer: a tar stream, owned by root, names sorted and times fixed, so that equal trees make equal layers. */
export function tarStream(folder: string, signal: AbortSignal): Readable {
  const equal = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@1700000000", "--format=gnu"];
  return programOutput("tar", ["--create", ...equal, "--directory", folder, "."], { signal });
}
