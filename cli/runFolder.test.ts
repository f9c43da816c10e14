import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeEvents } from "../report/fakeEvents.ts";
import { UserError } from "./exit.ts";
import { newestFolder, RunFolder } from "./runFolder.ts";

let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), "runs-"))));
afterEach(() => rm(root, { recursive: true }));

const events = fakeEvents({ name: "a", iterations: 1, rewards: [1], before: [0], after: [1] });

test("what is added is on disk at once and reads back equal; words go to the log only", async () => {
  const folder = RunFolder.create(root, "local", new Date(0), ["a", "silent"]);
  for (const event of events) folder.add("a", JSON.stringify(event));
  folder.add("a", "INFO - All batch rewards: [1]");
  const back = await RunFolder.load(folder.path);
  expect(back.events.get("a")).toEqual(events);
  expect(back.events.get("silent")).toEqual([]);
  expect(await readFile(join(folder.path, "a", "log.txt"), "utf8")).toContain("All batch rewards");
});

test("what was held is kept with the runs, for a bill when the stack is gone; a damaged file is told", async () => {
  const folder = RunFolder.create(root, "local", new Date(0), ["a"]);
  expect((await RunFolder.load(folder.path)).usage).toBeNull();
  const usage = { version: 1 as const, collectedAt: new Date(0).toISOString(), pods: [], jobs: [], quote: null };
  folder.addUsage(usage);
  expect((await RunFolder.load(folder.path)).usage).toEqual(usage);
  await writeFile(join(folder.path, "usage.json"), "{}");
  await expect(RunFolder.load(folder.path)).rejects.toThrow(/usage\.json: is no usage of this version/);
});

test("the newest folder is the one with the latest time", async () => {
  RunFolder.create(root, "local", new Date(0), ["a"]);
  const later = RunFolder.create(root, "local", new Date(1e12), ["a"]);
  expect(await newestFolder(root, "local")).toBe(later.path);
  expect(await newestFolder(root, "dev")).toBeNull();
});

test("a folder without runs and a damaged event are the user's to mend: file and line are named", async () => {
  await expect(RunFolder.load(root)).rejects.toThrow(`${root} holds no run`);
  const folder = RunFolder.create(root, "local", new Date(0), ["a"]);
  const file = join(folder.path, "a", "events.jsonl");
  await writeFile(file, `${JSON.stringify(events[0])}\n{"v":1,"typ\n`);
  await expect(RunFolder.load(folder.path)).rejects.toThrow(`${file}:2: is no event`);
  await expect(RunFolder.load(folder.path)).rejects.toBeInstanceOf(UserError);
});
