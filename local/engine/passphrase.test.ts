import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensurePassphrase } from "./passphrase.ts";

test("a passphrase is made once, long and for the user alone", () => {
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-passphrase-"));
  const file = join(folder, "deep", "passphrase");
  ensurePassphrase(file);
  const first = readFileSync(file, "utf8");
  ensurePassphrase(file);
  expect(readFileSync(file, "utf8")).toBe(first);
  expect(first.trim().length).toBeGreaterThanOrEqual(40);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(folder, { recursive: true });
});
