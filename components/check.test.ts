import { resolve } from "node:path";
import { expect, it } from "vitest";
import { runSpec } from "../images/runner/src/runSpec.ts";
import { checkConfigs } from "./check.ts";
import { runNameOf } from "./names.ts";

const root = resolve(import.meta.dirname, "..");

it("resolves good files into RunSpecs and reports bad ones beside them", () => {
  const { specs, problems } = checkConfigs(["configs/crafter_rl_outcome.toml", "configs/missing.toml"], { root });
  expect(specs.map((spec) => runSpec.parse(spec).name)).toEqual(["crafter-rl-outcome"]);
  expect(problems.map(({ file }) => file)).toEqual(["configs/missing.toml"]);
});

it("makes a run's name of a file's", () => {
  expect(runNameOf("/a/crafter_rl_stepwise_simple.toml")).toBe("crafter-rl-stepwise-simple");
  expect(runNameOf(`${"Long Name ".repeat(9)}.toml`)).toMatch(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/);
});
