import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openNodeFolder, removeNodeFolder } from "./nodeFolder.ts";

let stateDir: string;
let adapter: string;
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "rewardlab-node-"));
  adapter = join(await openNodeFolder(stateDir, "first"), "pair-0", "run-v1");
  mkdirSync(adapter, { recursive: true });
});
afterEach(() => rmSync(stateDir, { recursive: true }));

test("a start that takes the cluster that is up finds its adapters, one with a new cluster finds none", async () => {
  await openNodeFolder(stateDir, "first");
  expect(existsSync(adapter)).toBe(true);
  const folder = await openNodeFolder(stateDir, "second");
  expect(readdirSync(folder)).toEqual(["cluster"]);
});

test("what a start left that was killed before it wrote whose folder it is belongs to nobody", async () => {
  writeFileSync(join(stateDir, "node", "cluster"), "");
  await openNodeFolder(stateDir, "first");
  expect(existsSync(adapter)).toBe(false);
});

test("after a stop nothing is left, and a second stop finds nothing to do", async () => {
  for (let i = 0; i < 2; i++) {
    await removeNodeFolder(stateDir);
    expect(readdirSync(stateDir)).toEqual([]);
  }
});
