import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";

/** The base images that the registry holds, by the repositories' names. */
const Digests = z.strictObject({ base: z.string(), "build-base": z.string(), "ml-base": z.string() });
export type Digests = z.infer<typeof Digests>;

/** What was made last, and from what. */
const BaseRecord = z.strictObject({
  schema: z.literal(1),
  /** Hash of the recipes. */
  key: z.string(),
  digests: Digests,
});
export type BaseRecord = z.infer<typeof BaseRecord>;

/** undefined when there is none or it can't be read: then the images are made again. */
export async function readRecord(file: string): Promise<BaseRecord | undefined> {
  try {
    return BaseRecord.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

export async function writeRecord(file: string, record: Omit<BaseRecord, "schema">): Promise<void> {
  await writeFile(`${file}.tmp`, `${JSON.stringify({ schema: 1, ...record }, null, 2)}\n`);
  await rename(`${file}.tmp`, file);
}
