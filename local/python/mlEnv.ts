import { join } from "node:path";
import type { LocalContext } from "../context.ts";
import { ensurePythonEnv, type PythonEnv } from "./pythonEnv.ts";

export interface MlEnvOptions {
  /** The project's folder. */
  root: string;
  cacheDir: string;
}

/** The lock files of the Python images: one set of versions for all of them, and what the machine-learning layer holds. */
export function imageLocks(root: string): string[] {
  return ["ml-base", "task-app", "trainer"].map((image) => join(root, "images", image, "requirements.txt"));
}

/**
 * The environment that the tests run in, that makes the tiny model and that the images' layer is taken from: what is
 * tested here is what runs in the pods. The tools that check Python are in it too, and in no image.
 */
export function ensureMlEnv({ root, cacheDir }: MlEnvOptions, ctx: LocalContext): Promise<PythonEnv> {
  const lockFiles = [...imageLocks(root), join(root, "images", "requirements-dev.txt")];
  const afterInstall = [join(root, "images", "ml-base", "cuda_stubs.py")];
  return ensurePythonEnv({ cacheDir, name: "ml", lockFiles, afterInstall }, ctx);
}
