import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identify } from "../daemon/process.ts";
import { dropOldEnvs, isInUse, noteUser } from "./envUsers.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "rewardlab-envs-"))));
afterEach(() => rmSync(root, { recursive: true }));

/** An environment's folder that was last asked for so many seconds ago; without a number it was never finished. */
function env(name: string, secondsAgo?: number): string {
  const path = join(root, name);
  mkdirSync(join(path, "users"), { recursive: true });
  if (secondsAgo === undefined) return path;
  const stamp = join(path, "rewardlab-stamp.json");
  writeFileSync(stamp, "{}");
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(stamp, then, then);
  return path;
}

const DEAD = { pid: process.pid, startTicks: "1", bootId: "of another boot" };

test("all of a name but the current one are dropped, with their locks; another name's stay", async () => {
  const [current, old, half, other] = [env("ml-aaaaaaaaaaaa", 0), env("ml-bbbbbbbbbbbb", 1), env("ml-cccccccccccc"), env("mlx-dddddddddddd", 9)];
  writeFileSync(`${old}.lock`, "1\n");
  await dropOldEnvs(root, "ml", current, 0);
  expect(readdirSync(root).sort()).toEqual([current, other].map((path) => path.slice(root.length + 1)));
  expect(existsSync(half)).toBe(false);
});

test("one that a process was given stays until that process has ended", async () => {
  const [current, old] = [env("ml-aaaaaaaaaaaa", 0), env("ml-bbbbbbbbbbbb", 1)];
  await noteUser(old);
  await dropOldEnvs(root, "ml", current, 0);
  expect(existsSync(old)).toBe(true);
  writeFileSync(join(old, "users", `${process.pid}.json`), JSON.stringify(DEAD));
  await dropOldEnvs(root, "ml", current, 0);
  expect(existsSync(old)).toBe(false);
});

test("one in the making stays, and one that was asked for lately where that is wanted", async () => {
  const [current, lately, longAgo, inTheMaking] = [env("ml-aaaaaaaaaaaa", 0), env("ml-bbbbbbbbbbbb", 50), env("ml-cccccccccccc", 70), env("ml-dddddddddddd")];
  writeFileSync(`${inTheMaking}.lock`, `${process.pid}\n`);
  await dropOldEnvs(root, "ml", current, 60_000);
  expect([current, lately, longAgo, inTheMaking].map((path) => existsSync(path))).toEqual([true, true, false, true]);
});

test("a note of this process replaces those of processes that have ended, and torn ones", async () => {
  const folder = env("ml-aaaaaaaaaaaa", 0);
  writeFileSync(join(folder, "users", "1234567.json"), JSON.stringify(DEAD));
  writeFileSync(join(folder, "users", "7654321.json"), '{"pid":');
  expect(await isInUse(folder)).toBe(false);
  await noteUser(folder);
  expect(readdirSync(join(folder, "users"))).toEqual([`${process.pid}.json`]);
  expect(JSON.parse(readFileSync(join(folder, "users", `${process.pid}.json`), "utf8"))).toEqual(identify(process.pid));
  expect(await isInUse(folder)).toBe(true);
});
