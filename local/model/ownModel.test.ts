import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { modelProblems, namesModel } from "./ownModel.ts";

const folder = mkdtempSync(join(tmpdir(), "rewardlab-own-model-"));
afterAll(() => rmSync(folder, { recursive: true }));
const problems = (path: string) => modelProblems({ kind: "directory", path }, "Pulumi.local.yaml").map(({ what }) => what);

test("a folder has a model when its config.json is there", () => {
  expect(problems(join(folder, "none"))).toEqual([expect.stringContaining("which is not there")]);
  expect(problems(folder)).toEqual([expect.stringContaining("without a model's config.json")]);
  writeFileSync(join(folder, "config.json"), "{}");
  expect(problems(folder)).toEqual([]);
  expect(problems(join(folder, "config.json"))).toEqual([expect.stringContaining("which is no folder")]);
});

test("a model of the hub is not looked for", () => {
  expect(modelProblems({ kind: "hub", revision: "main" }, "Pulumi.local.yaml")).toEqual([]);
});

test("a stack's file names a model only by its source", () => {
  expect(namesModel({ model: { source: { kind: "hub" } } })).toBe(true);
  expect([{}, { model: null }, { model: { name: "tiny" } }, { model: "tiny" }].map(namesModel)).toEqual([false, false, false, false]);
});
