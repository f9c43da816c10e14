import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord, writeRecord } from "./baseRecord.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-record-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a record reads back", async () => {
  const file = join(folder, "bases.json");
  const record = { key: "k", digests: { base: "sha256:1", "build-base": "sha256:2", "ml-base": "sha256:3" } };
  await writeRecord(file, record);
  expect(await readRecord(file)).toEqual({ schema: 1, ...record });
});

test.each(["", "{}", '{"schema": 2}', '{"base": {"key": "of another version"}}'])("what is no record counts as none: %j", async (text) => {
  const file = join(folder, "other.json");
  writeFileSync(file, text);
  expect(await readRecord(file)).toBeUndefined();
  expect(await readRecord(join(folder, "absent.json"))).toBeUndefined();
});
