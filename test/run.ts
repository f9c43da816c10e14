import { readdirSync } from "node:fs";
import { join } from "node:path";
import { useCompileCache } from "../cli/compileCache.ts";
import { run } from "../local/command.ts";
import { ensureMlEnv } from "../local/python/mlEnv.ts";
import { folders } from "../components/settings.ts";

/**
 * `npm test`: everything that needs no cluster. Types, the TypeScript tests, then for each Python room lint, types and
 * tests, in the environment that the images are made of. All of it runs even when an early part fails, so that one run
 * shows every failure.
 */

const root = join(import.meta.dirname, "..");
const started = performance.now();
const say = (text: string) => process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
const controller = new AbortController();
process.on("SIGINT", () => controller.abort());

interface Check { name: string; command: string; args: string[]; cwd: string; env?: Record<string, string> }

const bin = (name: string) => join(root, "node_modules", ".bin", name);
/** Their tests are long: they come first, so that neither lane is left alone with one at the end. */
const LONG_ROOMS = ["trainer", "task-app"];
const pythonRooms = readdirSync(join(root, "images"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(join(root, "images", entry.name)).includes("pyproject.toml"))
  .map((entry) => entry.name)
  .sort((a, b) => Number(LONG_ROOMS.includes(b)) - Number(LONG_ROOMS.includes(a)) || b.localeCompare(a));

const { cacheDir } = folders();
const { python } = await ensureMlEnv({ root, cacheDir }, { progress: say, signal: controller.signal });
// The command line is started some eighty times; what is compiled of it the first time serves all of them.
useCompileCache(process.env);
/** One thread for torch: two would wait for each other, and for the other lane. */
const inEachRoom = (what: string, args: (room: string) => string[]): Check[] =>
  pythonRooms.map((room) => ({ name: `${room}: ${what}`, command: python, args: ["-m", ...args(room)], cwd: join(root, "images", room), env: { OMP_NUM_THREADS: "1" } }));
const checks: Check[] = [
  { name: "vitest", command: bin("vitest"), args: ["run"], cwd: root },
  ...inEachRoom("pytest", () => ["pytest", "-q"]),
  { name: "types", command: bin("tsgo"), args: ["--noEmit", "--incremental", "--tsBuildInfoFile", join(cacheDir, "types", "tsbuildinfo")], cwd: root },
  ...inEachRoom("types", (room) => ["mypy", "--cache-dir", join(cacheDir, "mypy", room)]),
  ...inEachRoom("lint", () => ["ruff", "check", "."]),
];

const failed: string[] = [];
async function runLane(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const { name, command, args, cwd, env } = check;
    say(`${name} …`);
    const lines: string[] = [];
    try {
      await run(command, args, { cwd, env, signal: controller.signal, onLine: (line) => lines.push(line) });
      say(`${name}: ${lines.filter((line) => /passed/.test(line)).join(" ").trim() || "ok"}`);
    } catch (error) {
      if (controller.signal.aborted) process.exit(130);
      failed.push(name);
      console.log([`--- ${name}`, ...lines].join("\n"));
      say(`${name}: FAILED (${(error as Error).message.split("\n")[0]})`);
    }
  }
}
// Two lanes for two cores; each takes the next check when it is free.
const waiting = [...checks];
await Promise.all([runLane(), runLane()]);
say(failed.length === 0 ? `all ${checks.length} checks passed` : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
