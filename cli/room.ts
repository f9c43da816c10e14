import { existsSync } from "node:fs";
import { join } from "node:path";

/** Free disk that a start on this machine needs, GiB: toolchain, environment and images once (measured: docs/images.md), little after that. */
export const roomNeeded = (cacheDir: string): { cache: number; state: number } =>
  existsSync(join(cacheDir, "images", "bases.json")) ? { cache: 2, state: 2 } : { cache: 25, state: 2 };
