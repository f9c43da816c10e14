import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { contextArchive } from "./contextArchive.ts";
import { contextDigest } from "./contextDigest.ts";
import { contextFiles } from "./contextFiles.ts";

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const digest = () => contextDigest(folder, at("Dockerfile"));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-context-"));
  mkdirSync(at("src"));
  writeFileSync(at("Dockerfile"), "FROM scratch\n");
  writeFileSync(at("src", "main.ts"), "1");
  writeFileSync(at(".dockerignore"), "Dockerfile\n*.log\n");
  writeFileSync(at("x.log"), "noise");
  symlinkSync("main.ts", at("src", "link"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the context has files and links in a fixed order, without ignored ones but always with the Dockerfile", () => {
  expect(contextFiles(folder, at("Dockerfile"))).toEqual([".dockerignore", "Dockerfile", "src/link", "src/main.ts"]);
});

test("the Dockerfile's own ignore file goes before the common one", () => {
  writeFileSync(at("Dockerfile.dockerignore"), "src\n");
  expect(contextFiles(folder, at("Dockerfile"))).toEqual([".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "x.log"]);
});

describe("the digest changes", () => {
  test.each([
    ["with a file's content", () => writeFileSync(at("src", "main.ts"), "2")],
    ["with the Dockerfile", () => writeFileSync(at("Dockerfile"), "FROM x\n")],
    ["with a file's mode", () => chmodSync(at("src", "main.ts"), 0o755)],
    ["with a new file", () => writeFileSync(at("src", "new.ts"), "")],
    ["with where a link points", () => { rmSync(at("src", "link")); symlinkSync("other", at("src", "link")); }],
  ])("%s", (_, change) => {
    const before = digest();
    change();
    expect(digest()).not.toBe(before);
  });
});

describe("the digest stays", () => {
  test.each([
    ["with an ignored file", () => writeFileSync(at("x.log"), "more")],
    ["with a file's times", () => utimesSync(at("src", "main.ts"), 1, 1)],
  ])("%s", (_, change) => {
    const before = digest();
    change();
    expect(digest()).toBe(before);
  });
});

test("what the builder is sent is the same files, owned by root", async () => {
  const archive = await buffer(contextArchive(folder, at("Dockerfile")));
  const listing = spawnSync("tar", ["--list", "--verbose", "--numeric-owner"], { input: archive, encoding: "utf8" });
  const lines = listing.stdout.trim().split("\n");
  expect(lines.map((line) => line.replace(/^.* \.\//, ""))).toEqual([".dockerignore", "Dockerfile", "src/link -> main.ts", "src/main.ts"]);
  expect(lines.every((line) => line.includes(" 0/0 "))).toBe(true);
});
