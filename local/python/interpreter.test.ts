import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPython } from "./interpreter.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-python-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that answers as an interpreter of that version would. */
function interpreter(version: string): string {
  const path = join(folder, `python-${version}`);
  writeFileSync(path, `#!/bin/sh\necho /real/${version}/python\necho ${version}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("the first interpreter of the right minor version is taken, by its own path", async () => {
  const candidates = [join(folder, "absent"), interpreter("3.12.1"), interpreter("3.11.4"), interpreter("3.11.9")];
  expect(await findPython(undefined, candidates)).toEqual({ path: "/real/3.11.4/python", version: "3.11.4" });
});

test("without one, the error says what was found and how to get it", async () => {
  await expect(findPython(undefined, [join(folder, "absent"), interpreter("3.13.0")])).rejects.toThrow(
    /Python 3\.11 .*absent: .*python-3\.13\.0: version 3\.13\.0.*apt-get install python3\.11 python3\.11-venv/,
  );
});
