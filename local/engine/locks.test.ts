import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claim, releaseStaleLocks, StackBusy } from "./locks.ts";

let folder: string;
let children: ChildProcess[];
const place = () => ({ workDir: join(folder, "work"), backendDir: join(folder, "backend"), projectName: "p", stackName: "s" });
const locks = () => join(folder, "backend", ".pulumi", "locks", "organization", "p", "s");
const lock = (content: string) => {
  writeFileSync(join(locks(), "1.json"), content);
  writeFileSync(join(locks(), "1.json.attrs"), '{"user.cache_control":""}');
};
const release = () => releaseStaleLocks(place(), () => {});

/** A long-lived process that the kernel knows as `pulumi`. */
const startEngine = async () => {
  copyFileSync("/bin/sleep", join(folder, "pulumi"));
  const child = spawn(join(folder, "pulumi"), ["600"], { detached: true });
  children.push(child);
  await once(child, "spawn");
  return child;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-locks-"));
  children = [];
  mkdirSync(join(folder, "work"));
  mkdirSync(locks(), { recursive: true });
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

test.each([
  ["of a process that has ended", JSON.stringify({ pid: 2 ** 22 - 1, hostname: hostname() })],
  ["of a pid that another program has now", JSON.stringify({ pid: process.pid, hostname: hostname() })],
  ["that was never filled in", ""],
])("a lock %s is removed", async (_, content) => {
  lock(content);
  await release();
  expect(readdirSync(locks())).toEqual([]);
});

test("a lock of a machine that can't be seen is respected", async () => {
  lock(JSON.stringify({ pid: 1, hostname: "elsewhere" }));
  await expect(release()).rejects.toBeInstanceOf(StackBusy);
});

test("an engine that is driven by a living process is respected, and the error says how to end it", async () => {
  const engine = await startEngine();
  claim(place().workDir);
  lock(JSON.stringify({ pid: engine.pid, hostname: hostname() }));
  await expect(release()).rejects.toThrow(`kill -INT ${engine.pid}`);
  expect(existsSync(join(locks(), "1.json"))).toBe(true);
});

test("an engine whose driver is dead is ended, and its lock removed", async () => {
  const engine = await startEngine();
  const ended = once(engine, "exit");
  writeFileSync(join(folder, "work", "owner.json"), JSON.stringify({ pid: 2 ** 22 - 1, startTicks: "1", bootId: "x" }));
  lock(JSON.stringify({ pid: engine.pid, hostname: hostname() }));
  await release();
  await ended;
  expect(readdirSync(locks())).toEqual([]);
});
