import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const recordSchema = z.strictObject({
  name: z.string(),
  pid: z.int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
  /** The command line it was started with: a start with another one replaces it. */
  argv: z.array(z.string()),
  log: z.string(),
});

/** What is remembered of a started daemon. */
export type DaemonRecord = z.infer<typeof recordSchema>;

export function pidFilePath(pidDir: string, name: string): string {
  return join(pidDir, `${name}.json`);
}

/** The record of a daemon; undefined when there is none or a half-written one, which can't belong to a ready daemon. */
export function readRecord(pidDir: string, name: string): DaemonRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(pidFilePath(pidDir, name), "utf8")));
  } catch {
    return undefined;
  }
}

/** Writes under another name first: a reader must never see half a record. */
export function writeRecord(pidDir: string, record: DaemonRecord): void {
  mkdirSync(pidDir, { recursive: true });
  const path = pidFilePath(pidDir, record.name);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(pidDir: string, name: string): void {
  rmSync(pidFilePath(pidDir, name), { force: true });
}

/** All records in a folder, by name; none when there's no such folder. */
export function readRecords(pidDir: string): DaemonRecord[] {
  let files: string[];
  try {
    files = readdirSync(pidDir);
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith(".json"))
    .sort()
    .flatMap((file) => readRecord(pidDir, file.slice(0, -".json".length)) ?? []);
}
