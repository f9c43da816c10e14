import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KeptAdapter } from "../report/schema.ts";

/** The newest adapter in a run's folder, `adapter/v<N>/`; null where none was collected. */
export async function newestAdapter(root: string, run: string): Promise<KeptAdapter | null> {
  const names = await readdir(join(root, run, "adapter")).catch(() => []);
  const version = Math.max(-1, ...names.flatMap((name) => (/^v\d+$/.test(name) ? [Number(name.slice(1))] : [])));
  if (version < 0) return null;
  const path = join(run, "adapter", `v${version}`);
  return { version, digest: await digestOfFolder(join(root, path)), path };
}

/** The digest that the trainer gives an adapter's folder: of the lines `<sha256>  <file name>` of its files (images/trainer/README.md). */
async function digestOfFolder(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const lines = await Promise.all(names.map(async (name) => `${sha256(await readFile(join(folder, name)))}  ${name}\n`));
  return `sha256:${sha256(lines.join(""))}`;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
