import { homedir } from "node:os";
import { join } from "node:path";

/** Where this program keeps its files, by the XDG base directory rules. */
export interface Folders {
  /** Toolchain, Python environments, images and models: may be deleted, and is made again. */
  cacheDir: string;
  /** State backend, generated secrets, records of processes: what must not be lost while a stack is up. */
  stateDir: string;
}

/** The folders that an environment means. Apart from settings.ts, whose imports take a second that the help hasn't got. */
export function foldersOf(env: NodeJS.ProcessEnv): Folders {
  const home = env["HOME"] || homedir();
  return {
    cacheDir: join(env["XDG_CACHE_HOME"] || join(home, ".cache"), "rewardlab"),
    stateDir: join(env["XDG_STATE_HOME"] || join(home, ".local", "state"), "rewardlab"),
  };
}
