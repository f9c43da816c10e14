import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** A file of exact pins, one `name==version` a line, as `pip install --no-deps -r` takes it. */
export interface LockFile {
  path: string;
  text: string;
}

export async function readLocks(paths: string[]): Promise<LockFile[]> {
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, "utf8") })));
}

/**
 * The pins of all files: package name (lower case, hyphens) → version.
 * Throws with every line that isn't an exact pin and every package that two files pin differently, each with its place.
 */
export function mergeLocks(files: LockFile[]): Map<string, string> {
  const pins = new Map<string, { version: string; place: string }>();
  const problems: string[] = [];
  for (const file of files) {
    for (const [index, line] of file.text.split("\n").entries()) {
      const place = `${file.path}:${index + 1}`;
      const pin = line.replace(/(^|\s)#.*/, "").trim();
      if (pin === "") continue;
      const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.+!]+)$/.exec(pin);
      if (!match) {
        problems.push(`${place}: "${pin}" is not an exact pin; write name==version`);
        continue;
      }
      const name = match[1]!.toLowerCase().replace(/[._]/g, "-");
      const other = pins.get(name);
      if (other && other.version !== match[2]) {
        problems.push(`${place}: ${name}==${match[2]}, but ${other.place} has ${other.version}; make them equal`);
      }
      pins.set(name, { version: match[2]!, place });
    }
  }
  if (problems.length > 0) throw new Error(`the Python lock files don't fit together:\n  ${problems.join("\n  ")}`);
  return new Map([...pins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { version }]) => [name, version]));
}

/** 12 hex digits that change with any pin, with the interpreter and with any of the programs that finish the environment. */
export function environmentHash(pins: Map<string, string>, python: string, programs: string[]): string {
  return createHash("sha256").update(JSON.stringify([[...pins], python, programs])).digest("hex").slice(0, 12);
}
