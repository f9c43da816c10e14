import { accessSync, constants, statSync } from "node:fs";
import { KeyRing } from "./keyRing.ts";

/** Everything that comes from outside; nothing else reads the environment. */
export interface Settings {
  /** Folder of the files. */
  folder: string;
  /** File with the key. */
  keyFile: string;
  port: number;
}

/** Exit status for settings that can't work (sysexits.h EX_CONFIG). */
export const EXIT_CONFIG = 78;

/** Reads the settings, or lists what is wrong with them, one line a problem with its remedy. */
export function readSettings(env: NodeJS.ProcessEnv): Settings | string[] {
  const [folder, keyFile, port] = [env["RESULTS_DIR"] ?? "/results", env["RESULTS_KEY_FILE"] ?? "/keys/RESULTS_API_KEY", Number(env["PORT"] ?? "8003")];
  const problems = [
    ...keyProblems(keyFile),
    ...(Number.isInteger(port) && port > 0 && port < 65_536 ? [] : [`PORT: ${env["PORT"]} is no port`]),
    ...(isWritable(folder) ? [] : [`RESULTS_DIR: ${folder} is not a folder that uid ${process.getuid?.()} may write; mount the claim there`]),
  ];
  return problems.length > 0 ? problems : { folder, keyFile, port };
}

function keyProblems(file: string): string[] {
  try {
    new KeyRing(file);
    return [];
  } catch (error) {
    return [`RESULTS_KEY_FILE: ${(error as Error).message}; mount the Secret's key RESULTS_API_KEY there`];
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
