import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DockerEngine, engineConfig } from "./dockerEngine.ts";
import { imagesLayout } from "./layout.ts";

test("an old engine is told where to put its key, a newer one would refuse the setting", () => {
  expect(engineConfig("Docker version 20.10.24+dfsg1, build 5d6db84", "/state/key.json")).toEqual({ "deprecated-key-path": "/state/key.json" });
  expect(engineConfig("Docker version 28.1.0, build abc", "/state/key.json")).toEqual({});
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-docker-"));
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Puts a `docker` into the PATH that fails with this message for its first calls. */
function install(message: string, failures: number): { prune: () => Promise<void>; calls: () => number; said: string[] } {
  writeFileSync(join(folder, "docker"), `#!/bin/sh\necho "$@" >> ${folder}/calls\n[ $(wc -l < ${folder}/calls) -gt ${failures} ] || { echo "${message}" >&2; exit 1; }\n`, { mode: 0o755 });
  const said: string[] = [];
  const engine = new DockerEngine(imagesLayout({ cacheDir: join(folder, "cache"), stateDir: join(folder, "state") }));
  return {
    prune: () => engine.prune({ progress: (line) => void said.push(line), signal: new AbortController().signal }),
    calls: () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n").length, said,
  };
}

test("a prune that a killed start began is waited for, and it is said once", async () => {
  const { prune, calls, said } = install("Error response from daemon: a prune operation is already running", 2);
  await prune();
  expect(calls()).toBe(3);
  expect(said).toEqual([expect.stringContaining("an earlier start")]);
});

test("another failure of a prune is thrown at once", async () => {
  const { prune, calls } = install("Cannot connect to the Docker daemon", 2);
  await expect(prune()).rejects.toThrow("Cannot connect to the Docker daemon");
  expect(calls()).toBe(1);
});
