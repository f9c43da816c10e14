import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KeyRing } from "./keyRing.ts";

it("takes a rotated key up from its file, and goes on to take the one before, since runs keep theirs", () => {
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-keys-"));
  const file = join(folder, "key");
  expect(() => new KeyRing(file)).toThrow("ENOENT");
  writeFileSync(file, " \n");
  expect(() => new KeyRing(file)).toThrow("is empty");
  writeFileSync(file, "first\n");
  const ring = new KeyRing(file);
  const opened = () => ["Bearer first", "Bearer second", "Bearer ", "first", undefined].filter((header) => ring.accepts(header));
  expect(opened()).toEqual(["Bearer first"]);
  writeFileSync(file, "second");
  expect(opened()).toEqual(["Bearer first", "Bearer second"]);
  rmSync(folder, { recursive: true });
});
