import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findGo, isAtLeast } from "./go.ts";

test.each([
  ["1.26.8", "1.26.0", true],
  ["1.26.0", "1.26", true],
  ["1.26", "1.26.0", true],
  ["1.9.7", "1.26.0", false],
  ["1.25.11", "1.25.9", true],
  ["2.0.0", "1.26.9", true],
] as const)("Go %s serves a module that needs %s: %s", (version, needed, expected) => {
  expect(isAtLeast(version, needed)).toBe(expected);
});

test("the first candidate that answers like Go is taken; without one there is none", async () => {
  const dir = mkdtempSync(join(tmpdir(), "rewardlab-go-"));
  try {
    const [mute, fake] = [join(dir, "mute"), join(dir, "fakeGo")];
    writeFileSync(mute, "#!/bin/sh\nexit 1\n");
    writeFileSync(fake, "#!/bin/sh\n[ \"$GOTOOLCHAIN\" = local ] && echo go1.99.3\n");
    for (const file of [mute, fake]) chmodSync(file, 0o755);
    expect(await findGo(undefined, [join(dir, "missing"), mute, fake])).toEqual({ path: fake, version: "1.99.3" });
    expect(await findGo(undefined, [join(dir, "missing"), mute])).toBeUndefined();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
