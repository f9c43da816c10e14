import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../local/command.ts";

let home: string;
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), "rewardlab-home-"))));
afterAll(() => rmSync(home, { recursive: true }));

const config = join(import.meta.dirname, "..", "configs", "crafter_rl_outcome.toml");
const check = () => run(process.execPath, [join(import.meta.dirname, "main.ts"), "check", config], { env: { XDG_CACHE_HOME: home, NODE_COMPILE_CACHE: "" } });

test("compiled modules are kept where there is a cache folder, and no folder is made for them", async () => {
  const first = await check();
  expect(readdirSync(home)).toEqual([]);
  mkdirSync(join(home, "rewardlab"));
  expect(await check()).toBe(first);
  const kept = join(home, "rewardlab", "node");
  expect(existsSync(kept) && readdirSync(kept, { recursive: true }).length).toBeGreaterThan(10);
  expect(await check()).toBe(first);
});
