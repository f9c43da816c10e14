import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { folders, PROJECT_ROOT } from "../components/settings.ts";
import { processesWith } from "../local/cluster/strays.ts";
import { snapshot } from "../local/cluster/testing/snapshot.ts";
import { report as reportSchema } from "../report/schema.ts";

/** `npm start` as a user runs it, on the machine itself: killed again and again, then let through, then cleaned up. */

const MINUTES = 60_000;
const { stateDir } = folders();

function start(...options: string[]): ChildProcess {
  return spawn(process.execPath, [join(PROJECT_ROOT, "cli", "main.ts"), "start", ...options], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Ends the start with SIGKILL as soon as a line of its progress matches. Throws when it ends before. */
async function killAt(mark: RegExp): Promise<void> {
  const child = start();
  const seen: string[] = [];
  for await (const line of createInterface(child.stderr!)) {
    seen.push(line);
    if (mark.test(line)) {
      child.kill("SIGKILL");
      await once(child, "close");
      return;
    }
  }
  throw new Error(`the start ended without a line like ${mark}:\n${seen.slice(-20).join("\n")}`);
}

async function finish(child: ChildProcess): Promise<{ status: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

afterAll(() => finish(start("--clean")), 2 * MINUTES);

test("a start that was killed at five different moments is followed by one that works, and a clean-up leaves the machine as it was", async () => {
  await finish(start("--clean"));
  const before = await snapshot(stateDir);

  await killAt(/cluster: one node/);
  await killAt(/(node|services|DNS) ready/);
  await killAt(/(creating|created) (Image|Deployment)/);
  await killAt(/iteration 1: reward/);
  await killAt(/down: destroying/);

  const { status, stdout, stderr } = await finish(start("--json"));
  expect(status, stderr.split("\n").slice(-40).join("\n")).toBe(0);
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(report.runs.map(({ state }) => state)).toEqual(["finished", "finished", "finished"]);
  for (const run of report.runs) {
    expect(run.batchRewards).toHaveLength(run.iterations);
    expect(run.adapterVersions).toHaveLength(run.iterations + 1);
    // In 32-bit floats sampler and trainer must agree, at every step.
    expect(run.mismatchMaxMeanDelta).toBeLessThan(1e-4);
    expect(run.decisions.dropped).toBe(0);
  }
  // The same worlds for all: the random policy and the untrained model cannot differ between runs.
  expect(new Set(report.runs.map((run) => run.evaluation[0]!.unlocksPerEpisode)).size).toBe(1);
  expect(report.inventoryAfter).toEqual([]);

  // No secret of the generated env file is in clear in what is left on the disk or in what was collected.
  const values = readFileSync(join(stateDir, "embedded.env"), "utf8").split("\n").map((line) => line.split("=")[1]).filter((value) => value);
  const newest = join(PROJECT_ROOT, "runs", "local", readdirSync(join(PROJECT_ROOT, "runs", "local")).sort().at(-1)!);
  for (const file of [...filesBelow(join(stateDir, "pulumi")), ...filesBelow(newest)]) {
    const text = readFileSync(file, "utf8");
    for (const value of values) expect(text.includes(value!), `a secret in ${file}`).toBe(false);
  }

  const cleaned = await finish(start("--clean"));
  expect(cleaned.status, cleaned.stderr).toBe(0);
  expect(existsSync(stateDir)).toBe(false);
  // An engine that was killed leaves the program that holds the policies.
  await expect.poll(() => processesWith(`PULUMI_HOME=${join(stateDir, "engine", "local", "home")}`), { timeout: 1000 }).toEqual([]);
  expect(await snapshot(stateDir)).toEqual(before);
}, 40 * MINUTES);

const filesBelow = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)) : [];
