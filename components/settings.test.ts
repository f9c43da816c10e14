import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError } from "./config/problem.ts";
import { folders, readKubeconfigFiles, readStackSettings, taskAppUrlOfEnvironment } from "./settings.ts";
import { configValue, merge } from "./settings/parse.ts";

it("puts files where the XDG rules say, and under the home folder without them", () => {
  expect(folders({ HOME: "/home/a" })).toEqual({ cacheDir: "/home/a/.cache/rewardlab", stateDir: "/home/a/.local/state/rewardlab" });
  expect(folders({ HOME: "/home/a", XDG_CACHE_HOME: "/c", XDG_STATE_HOME: "/s" })).toEqual({ cacheDir: "/c/rewardlab", stateDir: "/s/rewardlab" });
  expect(taskAppUrlOfEnvironment({ TASK_APP_URL: "https://a.test" })).toBe("https://a.test");
});

it("lays tables over each other key by key, and lists as a whole", () => {
  expect(merge({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] }, e: 2 })).toEqual({ a: { b: 1, c: [3] }, d: 1, e: 2 });
  expect(merge({ a: 1 }, undefined)).toEqual({ a: 1 });
});

it("reads the engine's texts as JSON but for settings that are one string", () => {
  expect([configValue("envFile", "12"), configValue("deadlineMinutes", "12"), configValue("placement", "shared"), configValue("run", '{"seed":1}')])
    .toEqual(["12", 12, "shared", { seed: 1 }]);
});

it("reads a stack file outside of an update, with its defaults", () => {
  const settings = readStackSettings("dev");
  expect(settings).toMatchObject({ placement: "shared", hostRoot: "/var/lib/rewardlab", vllm: { maxLoraRank: 16 }, experiments: [{ attempt: 1 }, { attempt: 1 }, { attempt: 1 }] });
  expect(readStackSettings("dev", { run: { seed: 7 } }).run).toMatchObject({ seed: 7, topP: 1 });
});

it("refuses every wrong setting of a stack at once, each with its place", () => {
  const refusal = (() => {
    try {
      return readStackSettings("dev", { deadlineMinutes: "long", gpu: { gpuPerNode: 2 }, experiments: [{ config: "a.toml", nam: "x" }], images: { runner: { base: "a:latest" } } });
    } catch (error) {
      return error as ConfigError;
    }
  })() as ConfigError;
  expect(refusal.problems.map(({ path }) => path)).toEqual(["deadlineMinutes", "gpu.gpuPerNode", "images.runner.base", "experiments.0.nam"]);
  expect(refusal.problems.find(({ path }) => path === "experiments.0.nam")!.write).toContain("experiments.0.name");
});

it("says how to make a stack file that is not there", () => {
  expect(() => readStackSettings("exp-7")).toThrow(/Pulumi\.exp-7\.yaml: can't be read .* pulumi stack init exp-7 --copy-config-from dev/);
});

it("finds the kubeconfigs that kubectl would use, and refuses when there is none", () => {
  const home = mkdtempSync(join(tmpdir(), "rewardlab-home-"));
  const [one, two] = [join(home, "one"), join(home, "two")];
  writeFileSync(one, "1");
  writeFileSync(two, "2");
  try {
    expect(readKubeconfigFiles(undefined, { HOME: home, KUBECONFIG: `${one}:/none::${two}` })).toEqual([{ path: one, text: "1" }, { path: two, text: "2" }]);
    expect(readKubeconfigFiles("~/two", { HOME: home, KUBECONFIG: one })).toEqual([{ path: two, text: "2" }]);
    expect(() => readKubeconfigFiles(undefined, { HOME: home })).toThrow(`${home}/.kube/config: there is no such kubeconfig. Make one`);
    expect(() => readKubeconfigFiles(home, {})).toThrow(`${home}: can't be read`);
  } finally {
    rmSync(home, { recursive: true });
  }
});
