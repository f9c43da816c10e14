import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes an executable shell script, so that a running copy never sees half of it. */
export function writeLauncher(path: string, lines: string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  writeFileSync(partial, `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(partial, 0o755);
  renameSync(partial, path);
}

/** A word that the shell takes as it is. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * The `pulumi` that the Automation API runs. It leads a session of its own: Ctrl-C in the terminal would reach it directly
 * as well as through us, and the second interrupt ends Pulumi at once, with operations left half done. Its home is named
 * here too: the Automation API asks for the version without one, and Pulumi then writes a log into the user's.
 */
export function writePulumiLauncher(binDir: string, home: string, pulumiBinary: string, pathDirs: string[]): void {
  const path = pathDirs.length > 0 ? [`PATH=${quote(pathDirs.join(":"))}:"$PATH"; export PATH`] : [];
  const pulumiHome = `PULUMI_HOME=${quote(home)}; export PULUMI_HOME`;
  writeLauncher(join(binDir, "pulumi"), [...path, pulumiHome, `exec setsid ${quote(pulumiBinary)} "$@"`]);
}
