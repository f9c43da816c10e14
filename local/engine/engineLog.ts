import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Keeps the engine from writing its automatic log, with a file where it would make the log's folder (it then goes on without;
 * `StartLogging` in pulumi's pkg/logging). Every debug line that nobody has asked for, with every property in it, is made, compressed and
 * encrypted for that log: four tenths of the engine's processor time in a stack of 300 experiments. There is no option against it.
 */
export function keepNoEngineLog(home: string): void {
  const logs = join(home, "logs");
  if (statSync(logs, { throwIfNoEntry: false })?.isFile()) return;
  rmSync(logs, { recursive: true, force: true });
  writeFileSync(logs, "The engine's automatic log is off: local/engine/engineLog.ts says why.\n");
}
