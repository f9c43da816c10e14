import { readdirSync } from "node:fs";
import { join } from "node:path";
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

interface Check { name: string; command: string; args: string[]; cwd: string }

const bin = (name: string) => join(root, "node_modules", ".bin", name);
const pythonRooms = readdirSync(join(root, "images"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(join(root, "images", entry.name)).includes("pyproject.toml"))
  .map((entry) => entry.name);

const { cacheDir } = folders();
const { python } = await ensureMlEnv({ root, cacheDir }, { progress: say, signal: controller.signal });
/** Two lanes for two cores: what is TypeScript, and what is Python. */
const lanes: Check[][] = [
  [
    { name: "types", command: bin("tsc"), args: ["--noEmit"], cwd: root },
    { name: "vitest", command: bin("vitest"), args: ["run"], cwd: root },
  ],
  pythonRooms.flatMap((room) => {
    const cwd = join(root, "images", room);
    return [
      { name: `${room}: lint`, command: python, args: ["-m", "ruff", "check", "."], cwd },
      // What mypy learned about torch is kept beside the environment: it takes half a minute to learn.
      { name: `${room}: types`, command: python, args: ["-m", "mypy", "--cache-dir", join(cacheDir, "mypy")], cwd },
      { name: `${room}: pytest`, command: python, args: ["-m", "pytest", "-q"], cwd },
    ];
  }),
];

const failed: string[] = [];
async function runLane(checks: Check[]): Promise<void> {
  for (const { name, command, args, cwd } of checks) {
    say(`${name} …`);
    const lines: string[] = [];
    try {
      await run(command, args, { cwd, signal: controller.signal, onLine: (line) => lines.push(line) });
      say(`${name}: ${lines.filter((line) => /passed/.test(line)).join(" ").trim() || "ok"}`);
    } catch (error) {
      if (controller.signal.aborted) process.exit(130);
      failed.push(name);
      console.log([`--- ${name}`, ...lines].join("\n"));
      say(`${name}: FAILED (${(error as Error).message.split("\n")[0]})`);
    }
  }
}
await Promise.all(lanes.map(runLane));
say(failed.length === 0 ? `all ${lanes.flat().length} checks passed` : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
