import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../command.ts";
import { dropOldEnvs, ensurePythonEnv } from "./pythonEnv.ts";

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

test("of the environments of a name, the new one and the one used last before it are kept", async () => {
  const root = join(folder, "old");
  const env = (name: string, day: number) => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    const stamp = join(path, "rewardlab-stamp.json");
    writeFileSync(stamp, "{}");
    utimesSync(stamp, day, day);
    return path;
  };
  const [current, last, older, other] = [env("ml-aaaaaaaaaaaa", 9), env("ml-bbbbbbbbbbbb", 8), env("ml-cccccccccccc", 7), env("mlx-dddddddddddd", 1)];
  for (const name of ["ml-eeeeeeeeeeee", "ml-ffffffffffff"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "ml-ffffffffffff.lock"), `${process.pid}\n`);
  await dropOldEnvs(root, "ml", current!);
  expect([current, last, older, other].map((path) => existsSync(path!))).toEqual([true, true, false, true]);
  expect(existsSync(join(root, "ml-eeeeeeeeeeee"))).toBe(false);
  expect(existsSync(join(root, "ml-ffffffffffff"))).toBe(true);
});
