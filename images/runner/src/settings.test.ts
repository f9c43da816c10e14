import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakeSpec } from "../test/fakeSpec.ts";
import { ConfigError } from "./failure.ts";
import { readSettings } from "./settings.ts";

const url = "http://localhost";
const good = () => fakeSpec({ taskApp: url, vllm: url, trainer: url });

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "rewardlab-settings-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function environment(spec: unknown, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = join(mkdtempSync(join(folder, "run-")), "run.json");
  writeFileSync(path, typeof spec === "string" ? spec : JSON.stringify(spec));
  return { RUN_SPEC_PATH: path, SYNTH_API_KEY: "s", ENVIRONMENT_API_KEY: "e", ...more };
}

test("a run's key is its name and a hash: the same for a Job's pods, another for every other spec or Job", () => {
  const keys = [
    readSettings(environment(good())).runKey,
    readSettings(environment(good())).runKey,
    readSettings(environment({ ...good(), attempt: 2 })).runKey,
    readSettings(environment(good(), { JOB_UID: "one" })).runKey,
    readSettings(environment(good(), { JOB_UID: "two" })).runKey,
  ];
  expect(keys[0]).toMatch(/^crafter-rl-test-[0-9a-f]{8}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(new Set(keys).size).toBe(4);
});

test("every problem is named at once, with its place, and no value is shown", () => {
  const spec = { ...good(), seed: -1, surprise: "zebra" };
  const read = () => readSettings({ ...environment(spec), SYNTH_API_KEY: "", ENVIRONMENT_API_KEY: " " });
  expect(read).toThrow(ConfigError);
  for (const part of ["seed", "surprise", "SYNTH_API_KEY", "ENVIRONMENT_API_KEY"]) expect(read).toThrow(part);
  expect(read).not.toThrow("zebra");
});

test.each([
  ["no JSON", "{"],
  ["not there", null],
])("a spec that is %s is a config error", (_what, text) => {
  const env =
    text === null
      ? { RUN_SPEC_PATH: "/nonexistent/run.json", SYNTH_API_KEY: "s", ENVIRONMENT_API_KEY: "e" }
      : environment(text);
  expect(() => readSettings(env)).toThrow(ConfigError);
});
