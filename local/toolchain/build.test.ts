import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { identify } from "../daemon/process.ts";
import { build, buildArgs, type BuildState, builtName, neededGo } from "./build.ts";
import { families, type Family } from "./sources.ts";

const all = families("amd64");
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rewardlab-build-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A stand-in for Go that is a shell script; `$out` is the folder that programs go to. */
function fakeGo(script: string): string {
  const path = join(dir, "fakeGo");
  writeFileSync(path, `#!/bin/sh\nout=$4\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test.each([
  ["k8s.io/kubernetes/cmd/kubelet", "kubelet"],
  ["go.etcd.io/etcd/server/v3", "server"],
  ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "pulumi"],
])("go build names the program of %s %s", (package_, expected) => {
  expect(builtName(package_)).toBe(expected);
});

test("no two programs of a family are built under one name", () => {
  for (const { packages } of all) {
    const names = Object.values(packages).map(builtName);
    expect(new Set(names).size).toBe(names.length);
  }
});

test("the programs are told their version where they can't know it themselves", () => {
  const kubernetes = buildArgs(all.find((family) => family.name === "kubernetes")!).join("\n");
  expect(kubernetes).toMatch(/-X k8s\.io\/component-base\/version\.gitVersion=v1\.\d+\.\d+ /);
  expect(kubernetes).toMatch(/-X k8s\.io\/client-go\/pkg\/version\.gitMinor=\d+ /);
  const pulumi = buildArgs(all.find((family) => family.name === "pulumi")!).join("\n");
  expect(pulumi).toMatch(/common\/version\.Version=v\d+\.\d+\.\d+\n/);
});

test("every module says which Go it needs", async () => {
  for (const family of all) expect(await neededGo(family)).toMatch(/^1\.\d+\.\d+$/);
});

test("the state counts the packages that Go had to compile, then the linked programs, and programs get their names", async () => {
  const etcd: Family = { ...all.find((family) => family.name === "etcd")!, moduleDir: dir };
  const path = fakeGo(`
    if [ "$1" = list ]; then printf 'a\\nb\\n'; exit; fi
    echo "$GOCACHE" > "${dir}/cache-of-go"
    wait_for() { until [ -e "${dir}/$1" ]; do sleep 0.02; done; }
    echo a >&2; echo not-counted >&2; wait_for one
    echo b >&2; touch "$out/server"; wait_for two`);
  const states: BuildState[] = [];
  let state!: () => BuildState;
  const onState = (next: () => BuildState): void => {
    state = next;
    states.push(next());
  };
  const binDir = join(dir, "bin");
  const building = build(etcd, binDir, { go: { path, version: "1.99.0" }, tempDir: join(dir, "tmp"), goCache: join(dir, "compiled"), onState });
  await vi.waitFor(() => expect(state()).toEqual({ step: "compiling", done: 1, total: 2 }), 5000);
  writeFileSync(join(dir, "one"), "");
  await vi.waitFor(() => expect(state()).toEqual({ step: "linking", done: 1, total: 1 }), 5000);
  writeFileSync(join(dir, "two"), "");
  await building;
  expect(states[0]).toEqual({ step: "modules" });
  expect(existsSync(join(binDir, "etcd"))).toBe(true);
  expect(readFileSync(join(dir, "cache-of-go"), "utf8").trim()).toBe(join(dir, "compiled"));
});

test("a build ends when the process that wanted it is killed without a chance to end it", async () => {
  const pidFile = join(dir, "pid");
  const path = fakeGo(`echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`);
  const family: Family = { ...all[0]!, moduleDir: dir };
  const program = `
    const { build } = await import(${JSON.stringify(new URL("./build.ts", import.meta.url).href)});
    await build(${JSON.stringify(family)}, ${JSON.stringify(join(dir, "bin"))}, {
      go: { path: ${JSON.stringify(path)}, version: "1.99.0" }, tempDir: ${JSON.stringify(join(dir, "tmp"))}, goCache: ${JSON.stringify(join(dir, "compiled"))}, onState() {},
    });`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
  await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), 10_000);
  const pid = Number(readFileSync(pidFile, "utf8"));
  expect(identify(pid)).toBeDefined();
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(identify(pid)).toBeUndefined(), 5000);
});
