import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../command.ts";
import { findGo, type Go } from "./go.ts";
import { install, type InstallOptions } from "./install.ts";
import { type Family, mirrored } from "./sources.ts";
import { readStamp } from "./stamp.ts";
import { testMirror, type TestMirror } from "./testMirror.ts";

let dir: string;
let root: string;
let family: Family;
let mirror: TestMirror;
let said: string[];
const id = "etcd-1.2.3-0123456789ab";

/** A family of one program whose module is ten lines of Go without dependencies. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "rewardlab-install-"));
  root = join(dir, "cache");
  const moduleDir = join(dir, "module");
  for (const folder of [root, join(moduleDir, "cmd", "tiny")]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(moduleDir, "go.mod"), "module example.test/tiny\n\ngo 1.21\n");
  writeFileSync(
    join(moduleDir, "cmd", "tiny", "main.go"),
    'package main\n\nimport "os"\n\nvar version = "unset"\n\nfunc main() { os.Stdout.WriteString(version + "\\n") }\n',
  );
  family = {
    name: "etcd",
    version: "1.2.3",
    downloads: [
      {
        url: "https://releases.test/v1.2.3/tiny.tar.gz",
        checksum: { kind: "sums", url: "https://releases.test/v1.2.3/SHA256SUMS" },
        members: { program: "tiny/program" },
      },
    ],
    packages: { program: "example.test/tiny/cmd/tiny" },
    moduleDir,
    tags: [],
    stamps: { "main.version": "v1.2.3" },
  };
  mirror = await testMirror([family]);
  said = [];
});
afterEach(async () => {
  await mirror.close();
  rmSync(dir, { recursive: true, force: true });
});

const noGo = async (): Promise<undefined> => undefined;
const goMustNotBeAskedFor = async (): Promise<Go> => {
  throw new Error("Go was asked for");
};

function options(more: Partial<InstallOptions>): InstallOptions {
  const progress = (message: string): void => void said.push(message);
  return { root, goCache: join(dir, "compiled"), mirrorUrl: mirror.url, progress, go: noGo, unreachable: new Map(), ...more };
}

function program(): Promise<string> {
  return run(join(root, id, "bin", "program"), []);
}

test("a download that works leaves the Go toolchain alone, and its folder has a valid stamp", async () => {
  await install(family, id, options({ go: goMustNotBeAskedFor }));
  expect(await program()).toBe("fake program\n");
  expect(await readStamp(join(root, id), id, ["program"])).toMatchObject({ origin: "download", source: mirror.url });
  expect(readdirSync(root)).toEqual([id]);
});

test("what is in the cache is not fetched again, and nothing is said", async () => {
  await install(family, id, options({}));
  const requests = mirror.requests.length;
  said = [];
  await install(family, id, options({ go: goMustNotBeAskedFor }));
  expect(mirror.requests).toHaveLength(requests);
  expect(said).toEqual([]);
});

test("a damaged folder is made again", async () => {
  await install(family, id, options({}));
  truncateSync(join(root, id, "bin", "program"), 3);
  await install(family, id, options({}));
  expect(await program()).toBe("fake program\n");
});

test("a wrong checksum ends it: nothing is built instead and nothing is left", async () => {
  mirror.files.set(mirrored(family.downloads[0]!.url, ""), Buffer.from("not the release"));
  await expect(install(family, id, options({ go: goMustNotBeAskedFor }))).rejects.toThrow(/It was not used/);
  expect(readdirSync(root)).toEqual([]);
});

test("where no download is to be had, the program is built; where there is no Go either, the error names the remedy", async () => {
  mirror.files.clear();
  const go = await findGo();
  // The user's own cache, where Go's standard library may be compiled already: half a minute otherwise.
  const goCache = go && (await run(go.path, ["env", "GOCACHE"])).trim();
  const attempt = install(family, id, options({ go: async () => go, ...(goCache ? { goCache } : {}) }));
  if (go === undefined) {
    await expect(attempt).rejects.toThrow(/install Go 1\.21 or newer/);
    return;
  }
  await attempt;
  expect(await program()).toBe("v1.2.3\n");
  expect(await readStamp(join(root, id), id, ["program"])).toMatchObject({ origin: "go build", source: `Go ${go.version}` });
  expect(readdirSync(join(root, id)).sort()).toEqual(["bin", "stamp.json"]);
  expect(said[0]).toMatch(/^etcd v1\.2\.3: no download: .*SHA256SUMS answered 404$/);
}, 180_000);

test("the error names each way that was tried and the remedies", async () => {
  const tooOld = async (): Promise<Go> => ({ path: "go", version: "1.19.8" });
  await mirror.close();
  const error = await install(family, id, options({ go: tooOld })).catch((thrown: unknown) => thrown);
  const host = new URL(mirror.url).host;
  expect((error as Error).message.split("\n")).toEqual([
    "etcd v1.2.3 (program) is not in the cache and can't be had. Tried:",
    `- download: ${host} can't be reached (ECONNREFUSED)`,
    "- go build: Go 1.19.8 is older than 1.21",
    "Remedy: install Go 1.21 or newer (https://go.dev/doc/install), or set a mirror of the downloads.",
  ]);
  expect(readdirSync(root)).toEqual([]);
});

test("a host that can't be reached is asked once for all families, and that is said once", async () => {
  const shared = options({});
  await mirror.close();
  await expect(install(family, id, shared)).rejects.toThrow(/can't be reached/);
  expect(shared.unreachable.has(mirror.url)).toBe(true);
  await expect(install(family, "etcd-1.2.3-other", shared)).rejects.toThrow(/can't be reached/);
  expect(said).toEqual([expect.stringMatching(/no download: 127\.0\.0\.1:\d+ can't be reached \(ECONNREFUSED\)$/)]);
});

test("asked to download nothing, it asks no host", async () => {
  await expect(install(family, id, options({ offlineDownload: true }))).rejects.toThrow(/download: left out, as asked for/);
  expect(mirror.requests).toEqual([]);
});

test("a build that fails is quoted in the error", async () => {
  const path = fakeGo('[ "$1" = list ] || { echo "main.go:3: undefined: x" >&2; exit 1; }');
  const failing = options({ offlineDownload: true, go: async () => ({ path, version: "1.99.0" }) });
  await expect(install(family, id, failing)).rejects.toThrow(/go build \(Go 1\.99\.0, \d+ s\): .*\n.*undefined: x/);
});

test("an interrupt ends the build, with its reason, and leaves nothing that could be taken for finished", async () => {
  const path = fakeGo(`[ "$1" = list ] || { touch ${join(dir, "building")}; sleep 60; }`);
  const controller = new AbortController();
  const watch = setInterval(() => {
    if (existsSync(join(dir, "building"))) controller.abort(new Error("interrupted"));
  }, 20);
  const { signal } = controller;
  const running = install(family, id, options({ offlineDownload: true, signal, go: async () => ({ path, version: "1.99.0" }) }));
  await expect(running).rejects.toThrow("interrupted");
  clearInterval(watch);
  expect(readdirSync(root)).toEqual([]);
});

/** A stand-in for Go that is a shell script. */
function fakeGo(script: string): string {
  const path = join(dir, "fakeGo");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
