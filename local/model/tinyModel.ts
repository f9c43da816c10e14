import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../command.ts";
import type { LocalContext } from "../context.ts";
import type { PythonEnv } from "../python/pythonEnv.ts";
import { withLock } from "../toolchain/lock.ts";

export interface TinyModelOptions {
  /** The project's folder. */
  root: string;
  cacheDir: string;
  python: PythonEnv;
}

/** Written last by the program that makes the model: a folder that has it is whole. */
const CARD = "model-card.json";

/** Folders whose sources decide what the model is: its own, and the task app's prompt, tool and world. */
const SOURCES = [["tiny-model", "tiny_model"], ["task-app", "task_app"]];

/**
 * The model of the embedded stack, in a folder that pods can read: made once by the project itself in about a minute, and
 * again when its sources or the environment change. Throws with the program's own words when it cannot be made.
 */
export async function ensureTinyModel(options: TinyModelOptions, ctx: LocalContext): Promise<string> {
  const models = join(options.cacheDir, "models");
  const folder = join(models, `tiny-${await sourceHash(options)}`);
  if (existsSync(join(folder, CARD))) return folder;
  await mkdir(models, { recursive: true });
  await withLock(`${folder}.lock`, ctx.progress, ctx.signal, async () => {
    if (!existsSync(join(folder, CARD))) await make(options, folder, ctx);
  });
  return folder;
}

async function make({ root, cacheDir, python }: TinyModelOptions, folder: string, ctx: LocalContext): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const images = (...parts: string[]) => join(root, "images", ...parts);
  await run(python.python, ["-m", "tiny_model", "--out", unfinished], {
    signal: ctx.signal,
    cwd: images("tiny-model"),
    env: { PYTHONPATH: [images("tiny-model"), images("task-app")].join(":"), NUMBA_CACHE_DIR: join(cacheDir, "numba"), HF_HUB_OFFLINE: "1" },
    onLine: (line) => ctx.progress(`tiny model: ${line}`),
  });
  await rename(unfinished, folder);
}

async function sourceHash({ root, python }: TinyModelOptions): Promise<string> {
  const hash = createHash("sha256").update(python.directory);
  for (const parts of SOURCES) {
    const folder = join(root, "images", ...parts);
    const names = (await readdir(folder)).filter((name) => /\.(py|jinja)$/.test(name)).sort();
    for (const name of names) hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  }
  return hash.digest("hex").slice(0, 12);
}
