import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { PythonEnv } from "../python/pythonEnv.ts";
import { imageLocks } from "../python/mlEnv.ts";
import { programOutput } from "./programOutput.ts";

/** The program that writes the layer, and its own module. */
const PROGRAM = "layer.py";
const SOURCES = [PROGRAM, "debug_data.py"];

/** Where the layer has the environment; first on PATH in the images that have it. */
export const ML_BIN = "/opt/ml/bin";

/** What decides the layer's content. */
export async function mlRecipe(root: string, env: PythonEnv): Promise<unknown> {
  const sources = SOURCES.map((file) => readFile(join(root, "images", "ml-base", file), "utf8"));
  return { env: env.directory, sources: await Promise.all(sources) };
}

/** torch, vLLM and everything that the Python images share: the files of their lock files' packages, as a tar stream. */
export async function mlLayer(root: string, env: PythonEnv, signal: AbortSignal): Promise<Readable> {
  return programOutput(env.python, [join(root, "images", "ml-base", PROGRAM), ...imageLocks(root)], { signal });
}
