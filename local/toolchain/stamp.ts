import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { buildArgs } from "./build.ts";
import type { Family, GoArch } from "./sources.ts";

const STAMP_FILE = "stamp.json";

/** What a finished folder says of itself. Written last, before the folder gets its final name. */
const Stamp = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  origin: z.enum(["download", "go build"]),
  /** The URL's base, or the Go version. */
  source: z.string(),
  seconds: z.number(),
  finished: z.iso.datetime(),
  /** Program name → size in bytes: a program that was cut short or replaced is noticed without hashing 600 MB. */
  programs: z.record(z.string(), z.number()),
});
export type Stamp = z.infer<typeof Stamp>;

/**
 * The name of a family's folder in the cache: name, version and 12 hex digits of a hash over every file of its Go module
 * folder, the build flags and the processor. So a changed pin or flag makes a new folder for its own family alone.
 */
export async function familyId(family: Family, arch: GoArch): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([arch, buildArgs(family)]));
  for (const file of (await readdir(family.moduleDir)).sort()) {
    hash.update(`\0${file}\0`).update(await readFile(join(family.moduleDir, file)));
  }
  return `${family.name}-${family.version}-${hash.digest("hex").slice(0, 12)}`;
}

/** Notes that the programs in `directory/bin` are complete. */
export async function writeStamp(
  directory: string,
  facts: Pick<Stamp, "id" | "origin" | "source" | "seconds">,
  programs: string[],
): Promise<void> {
  const sizes: Record<string, number> = {};
  for (const program of programs) sizes[program] = (await stat(join(directory, "bin", program))).size;
  const stamp: Stamp = { schema: 1, ...facts, finished: new Date().toISOString(), programs: sizes };
  await writeFile(join(directory, STAMP_FILE), `${JSON.stringify(stamp, null, 2)}\n`);
}

/**
 * The stamp of a folder whose programs are all there; undefined when the folder is missing, is of another id, has no
 * readable stamp, or lacks one of the programs or has it in another size or not executable.
 */
export async function readStamp(directory: string, id: string, programs: string[]): Promise<Stamp | undefined> {
  try {
    const stamp = Stamp.parse(JSON.parse(await readFile(join(directory, STAMP_FILE), "utf8")));
    if (stamp.id !== id) return undefined;
    for (const program of programs) {
      const path = join(directory, "bin", program);
      if ((await stat(path)).size !== stamp.programs[program]) return undefined;
      await access(path, constants.X_OK);
    }
    return stamp;
  } catch {
    // Whatever is wrong with it, the remedy is the same: make it again.
    return undefined;
  }
}
