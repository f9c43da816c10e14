import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sealText } from "../images/runner/src/results/layout.ts";
import { fakeSpec } from "../images/runner/test/fakeSpec.ts";
import { copyKept, keptLines, type KeptSource } from "./keptResults.ts";

/** Copies from a fake source, a folder, that can be made to go wrong. */
const SPEC = fakeSpec({ taskApp: "http://a.test", vllm: "http://b.test", trainer: "http://c.test" });
const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");
const signal = new AbortController().signal;
let root: string;
let target: string;

const write = (key: string, text: string) => {
  mkdirSync(dirname(join(root, key)), { recursive: true });
  writeFileSync(join(root, key), text);
};
const seal = (run: string, name: string, paths: string[]) =>
  write(`${run}/seals/${name}.sha256`, sealText(paths.map((path) => ({ path, sha256: sha256(readFileSync(join(root, run, path), "utf8")) }))));
const keys = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();

/** @param digests whether it knows the digests of its files, as the store does and a bucket does not */
function sourceOf(digests: boolean, fetched: (keys: readonly string[]) => void = () => {}): KeptSource {
  return {
    what: "a folder",
    list: async () => new Map(keys(root).map((key) => [key, digests ? sha256(readFileSync(join(root, key), "utf8")) : null])),
    fetch: async (wanted, folder) => {
      for (const key of wanted) if (existsSync(join(root, key))) cpSync(join(root, key), join(folder, key), { recursive: true });
      fetched(wanted);
    },
  };
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kept-source-"));
  target = mkdtempSync(join(tmpdir(), "kept-target-"));
  write("a-1/run.json", JSON.stringify(SPEC));
  write("a-1/log/100-pod/00001.txt", "first\nsecond\n");
  write("a-1/log/100-pod/00002.txt", "third\n");
  write("a-1/log/200-pod/00001.txt", "next pod\n");
  write("a-1/checkpoint/step-1", "old");
  seal("a-1", "run", ["run.json"]);
  seal("a-1", "log-1", ["log/100-pod/00001.txt"]);
  seal("a-1", "checkpoint", ["checkpoint/step-1"]);
});
afterEach(() => { for (const folder of [root, target]) rmSync(folder, { recursive: true }); });

it.each([true, false])("copies every file, and knows the runs by their specs (digests of the source: %s)", async (digests) => {
  const copied = await copyKept(sourceOf(digests), target, signal);
  expect(copied).toEqual({ files: 8, problems: [], runs: [{ runKey: "a-1", name: SPEC.name, startedAt: 200, folder: join(target, "a-1") }] });
  expect(keys(target)).toEqual(keys(root));
  expect(await keptLines(copied.runs[0]!)).toEqual(["first", "second", "third", "next pod"]);
});

it("copies again what arrived damaged, and says what stays so", async () => {
  const path = join(target, "a-1/log/100-pod/00002.txt");
  let times = 0;
  expect((await copyKept(sourceOf(true, () => { if (++times === 1) writeFileSync(path, "thi"); }), target, signal)).problems).toEqual([]);
  expect(readFileSync(path, "utf8")).toBe("third\n");
  const always = await copyKept(sourceOf(true, () => writeFileSync(path, "thi")), mkdtempSync(join(target, "again-")), signal);
  expect(always.problems).toEqual([]);
  rmSync(path);
  expect((await copyKept(sourceOf(true, () => writeFileSync(path, "thi")), target, signal)).problems).toEqual(["a-1/log/100-pod/00002.txt: could not be copied from a folder"]);
});

it("holds every file against the digest that its run sealed, and tells of one that was sealed and is gone", async () => {
  write("a-1/log/100-pod/00001.txt", "forged\n");
  rmSync(join(root, "a-1/checkpoint/step-1"));
  expect((await copyKept(sourceOf(false), target, signal)).problems.sort()).toEqual([
    "a-1/checkpoint/step-1: is sealed by its run, and not there",
    `a-1/log/100-pod/00001.txt: has the digest ${sha256("forged\n")}, its run sealed ${sha256("first\nsecond\n")}`,
  ]);
});

it.each([true, false])("keeps up with a run that replaces its checkpoint meanwhile (digests of the source: %s)", async (digests) => {
  let times = 0;
  const replace = () => {
    if (++times > 1) return;
    write("a-1/checkpoint/step-2", "new");
    seal("a-1", "checkpoint", ["checkpoint/step-2"]);
    rmSync(join(root, "a-1/checkpoint/step-1"));
    rmSync(join(target, "a-1/checkpoint/step-1"));
  };
  expect((await copyKept(sourceOf(digests, replace), target, signal)).problems).toEqual([]);
  expect(keys(target)).toEqual(keys(root));
});
