import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { families, type Family } from "./sources.ts";
import { familyId, readStamp, writeStamp } from "./stamp.ts";

const facts = { id: "tool-1-abc", origin: "download", source: "https://example.test", seconds: 3 } as const;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "rewardlab-stamp-"));
  mkdirSync(join(dir, "bin"));
  for (const program of ["a", "b"]) writeFileSync(join(dir, "bin", program), `program ${program}`, { mode: 0o755 });
  await writeStamp(dir, facts, ["a", "b"]);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a complete folder is taken for what its stamp says", async () => {
  expect(await readStamp(dir, facts.id, ["a", "b"])).toMatchObject({ ...facts, programs: { a: 9, b: 9 } });
});

test.each([
  ["no stamp", () => rmSync(join(dir, "stamp.json"))],
  ["half a stamp", () => truncateSync(join(dir, "stamp.json"), 40)],
  ["a program missing", () => rmSync(join(dir, "bin", "b"))],
  ["a program cut short", () => truncateSync(join(dir, "bin", "b"), 4)],
  ["a program that can't be executed", () => chmodSync(join(dir, "bin", "b"), 0o644)],
])("a folder with %s is not taken", async (_what, damage) => {
  damage();
  expect(await readStamp(dir, facts.id, ["a", "b"])).toBeUndefined();
});

test("a folder of another id, or without a program asked for, is not taken", async () => {
  expect(await readStamp(dir, "tool-2-abc", ["a", "b"])).toBeUndefined();
  expect(await readStamp(dir, facts.id, ["a", "b", "c"])).toBeUndefined();
});

test("a family's id changes with its go.sum, its flags and the processor, and with nothing else", async () => {
  const etcd = families("amd64").find((family) => family.name === "etcd")!;
  const copy: Family = { ...etcd, moduleDir: join(dir, "module") };
  cpSync(etcd.moduleDir, copy.moduleDir, { recursive: true });
  const id = await familyId(etcd, "amd64");
  expect(id).toMatch(/^etcd-\d+\.\d+\.\d+-[0-9a-f]{12}$/);
  expect(await familyId(copy, "amd64")).toBe(id);
  expect(await familyId(copy, "arm64")).not.toBe(id);
  expect(await familyId({ ...copy, tags: ["other"] }, "amd64")).not.toBe(id);
  expect(await familyId({ ...copy, stamps: { "a.b": "c" } }, "amd64")).not.toBe(id);
  writeFileSync(join(copy.moduleDir, "go.sum"), "");
  expect(await familyId(copy, "amd64")).not.toBe(id);
});
