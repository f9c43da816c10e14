import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { foldersOf } from "../components/folders.ts";

/**
 * Keeps what Node compiles of modules that are loaded from now on, by this process and by the Node programs that it starts
 * (the engine's language host, providers, policies): compiling is half the time that they take to load. Only where the cache
 * folder is there: a command that is refused on a fresh machine shall leave nothing.
 */
export function useCompileCache(env: NodeJS.ProcessEnv): void {
  const { cacheDir } = foldersOf(env);
  if (!existsSync(cacheDir)) return;
  const folder = (env["NODE_COMPILE_CACHE"] ||= join(cacheDir, "node"));
  enableCompileCache(folder);
}
