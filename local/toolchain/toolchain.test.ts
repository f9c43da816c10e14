import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../command.ts";
import { families, goArch } from "./sources.ts";
import { testMirror, type TestMirror } from "./testMirror.ts";
import { ensurePulumi, ensureToolchain, versions } from "./toolchain.ts";

let cacheDir: string;
let mirror: TestMirror;
let said: string[];
const progress = (message: string): void => void said.push(message);

beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), "rewardlab-toolchain-"));
  mirror = await testMirror(families(goArch(process.arch)));
  said = [];
});
afterEach(async () => {
  await mirror.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

test("every program is where the answer says, and a second call does nothing", async () => {
  const toolchain = await ensureToolchain({ cacheDir, mirrorUrl: mirror.url, progress });
  const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  for (const [name, path] of Object.entries(toolchain.binaries)) {
    expect(path.startsWith(`${cacheDir}/toolchain/`)).toBe(true);
    expect(await run(path, [])).toBe(`fake ${kebab(name)}\n`);
  }
  expect(toolchain.versions).toEqual(versions);
  expect(said.filter((line) => line.includes("ready (download"))).toHaveLength(Object.keys(versions).length);

  const requests = mirror.requests.length;
  said = [];
  expect(await ensureToolchain({ cacheDir, mirrorUrl: mirror.url, progress })).toEqual(toolchain);
  expect(mirror.requests).toHaveLength(requests);
  expect(said).toEqual([]);
});

test("the engine alone costs nothing of the rest, and is the one that the whole toolchain then has", async () => {
  const pulumi = await ensurePulumi({ cacheDir, mirrorUrl: mirror.url, progress });
  expect(await run(pulumi, [])).toBe("fake pulumi\n");
  expect(mirror.requests.filter((path) => !path.includes("pulumi"))).toEqual([]);
  expect((await ensureToolchain({ cacheDir, mirrorUrl: mirror.url, progress })).binaries.pulumi).toBe(pulumi);
  expect(said.filter((line) => /pulumi.*ready \(download/.test(line))).toHaveLength(1);
});

test("two callers at once fetch everything once", async () => {
  const call = { cacheDir, mirrorUrl: mirror.url, progress };
  const [one, two] = await Promise.all([ensureToolchain(call), ensureToolchain(call)]);
  expect(one).toEqual(two);
  const files = mirror.requests.filter((path) => !/sha256$|SHA256SUMS|checksums|api\.github/.test(path));
  expect(new Set(files).size).toBe(files.length);
});

test("what a killed process left half-finished is removed, and another family's folder is kept", async () => {
  const directory = join(cacheDir, "toolchain");
  for (const name of [".partial-etcd-1-abc-1234", "etcd-1-abc"]) {
    mkdirSync(join(directory, name, "bin"), { recursive: true });
    writeFileSync(join(directory, name, "bin", "etcd"), "half");
  }
  await ensureToolchain({ cacheDir, mirrorUrl: mirror.url, progress });
  const names = readdirSync(directory);
  expect(names.filter((name) => name.startsWith(".partial"))).toEqual([]);
  expect(names).toContain("etcd-1-abc");
});

test("what Go compiled is removed when all programs are there, also where a killed process left it", async () => {
  const goCache = join(cacheDir, "toolchain", ".go-build");
  const call = { cacheDir, mirrorUrl: mirror.url, progress };
  for (const file of ["made-before", "left-behind"]) {
    mkdirSync(goCache, { recursive: true });
    writeFileSync(join(goCache, file), "");
    await ensureToolchain(call);
    expect(existsSync(goCache), file).toBe(false);
  }
});

test("what Go compiled stays when a program can't be had: the next call goes on from it", async () => {
  const goCache = join(cacheDir, "toolchain", ".go-build");
  mkdirSync(goCache, { recursive: true });
  const sums = [...mirror.files.keys()].find((path) => path.endsWith("SHA256SUMS"))!;
  mirror.files.set(sums, Buffer.from("0".repeat(64)));
  await expect(ensureToolchain({ cacheDir, mirrorUrl: mirror.url, progress })).rejects.toThrow();
  expect(existsSync(goCache)).toBe(true);
});

test("an aborted call throws the reason and starts nothing", async () => {
  const signal = AbortSignal.abort(new Error("too late"));
  await expect(ensureToolchain({ cacheDir, mirrorUrl: mirror.url, progress, signal })).rejects.toThrow("too late");
  expect(mirror.requests).toEqual([]);
});
