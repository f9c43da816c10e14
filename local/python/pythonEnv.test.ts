import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../command.ts";
import { ensurePythonEnv } from "./pythonEnv.ts";

const ctx = { progress: () => undefined, signal: new AbortController().signal };
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rewardlab-env-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A lock file without a package: what is made is a bare environment, and nothing is asked of a package index. */
function spec(program: string) {
  const lock = join(folder, "requirements.txt");
  const after = join(folder, "after.py");
  writeFileSync(lock, "# nothing\n");
  writeFileSync(after, program);
  return { cacheDir: join(folder, "cache"), name: "bare", lockFiles: [lock], afterInstall: [after] };
}

const MARK = 'import pathlib, sys; path = pathlib.Path(sys.prefix, "mark"); path.write_text("x" + (path.read_text() if path.exists() else ""))';

test("an environment is made once, finished by its programs, and used again", async () => {
  const env = await ensurePythonEnv(spec(MARK), ctx);
  expect((await run(env.python, ["-c", "import sys; print(sys.prefix)"])).trim()).toBe(env.directory);
  expect(env.version).toMatch(/^3\.11\./);
  expect(readdirSync(env.directory)).not.toContain("installer");
  const made = statSync(join(env.directory, "mark")).mtimeMs;
  expect((await ensurePythonEnv(spec(MARK), ctx)).directory).toBe(env.directory);
  expect(statSync(join(env.directory, "mark")).mtimeMs).toBe(made);
});

test("one without its stamp was interrupted and is made again", async () => {
  const env = await ensurePythonEnv(spec(MARK), ctx);
  rmSync(join(env.directory, "rewardlab-stamp.json"));
  writeFileSync(join(env.directory, "mark"), "half");
  await ensurePythonEnv(spec(MARK), ctx);
  expect(await run("cat", [join(env.directory, "mark")])).toBe("x");
});

test("a finishing program that fails leaves an environment that doesn't count", async () => {
  const broken = spec("raise SystemExit('no such thing')");
  await expect(ensurePythonEnv(broken, ctx)).rejects.toThrow(/no such thing/);
  await expect(ensurePythonEnv(broken, ctx)).rejects.toThrow(/no such thing/);
});

test("a changed lock file's environment replaces the old one, unless somebody runs a program of that", async () => {
  const old = await ensurePythonEnv(spec(MARK), ctx);
  const running = spawn(old.python, ["-c", "input()"], { stdio: ["pipe", "ignore", "inherit"] });
  // The note says that this process was given it; without the note, the running program alone must hold it.
  rmSync(join(old.directory, "users"), { recursive: true });
  const second = await ensurePythonEnv(spec(`${MARK} # 2`), ctx);
  expect(existsSync(old.python)).toBe(true);
  running.stdin.end("\n");
  await new Promise((resolve) => running.once("close", resolve));
  // This process was given the second one, and so may run it at any time: that one stays.
  const third = await ensurePythonEnv(spec(`${MARK} # 3`), ctx);
  expect([old, second, third].map(({ directory }) => existsSync(directory))).toEqual([false, true, true]);
});
