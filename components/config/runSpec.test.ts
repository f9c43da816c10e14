import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { endpointsOf } from "../names.ts";
import { readRewardConfigs } from "../rewardConfig.ts";
import type { RewardConfig } from "./normalise.ts";
import type { RunContext } from "./runContext.ts";
import { toRunSpec } from "./runSpec.ts";
import { compareRuns, repeatedExperiments, repeatedNames } from "./specChecks.ts";

const root = resolve(import.meta.dirname, "../..");
const [outcome, simple] = readRewardConfigs(["configs/crafter_rl_outcome.toml", "configs/crafter_rl_stepwise_simple.toml"], root).configs;
const context: RunContext = {
  name: "crafter-rl-outcome", stack: "dev", attempt: 1, model: { name: "Qwen/Qwen3-4B", maxModelLen: 8192 }, maxLoraRank: 16,
  endpoints: endpointsOf("pair-0"), overrides: {}, taskUrl: {},
};
const specOf = (change: Partial<RunContext> = {}, config = outcome!) => toRunSpec(config, { ...context, ...change });

describe("a RunSpec", () => {
  it("takes overrides over the file, and nothing else changes", () => {
    const plain = specOf().spec!;
    const small = specOf({ overrides: { batchSize: 2, evaluationSeeds: 32, loraDropout: 0, guards: { maxLogprobDelta: 0.001 } } }).spec!;
    expect(small).toEqual({
      ...plain, config: small.config, lora: { ...plain.lora, dropout: 0 }, training: { ...plain.training, batchSize: 2 },
      evaluation: { ...plain.evaluation, seeds: Array.from({ length: 32 }, (_, seed) => seed) },
      guards: { ...plain.guards, maxLogprobDelta: 0.001 },
    });
  });

  it("takes the task app from flag over environment over file over the stack's own", () => {
    const withFile: RewardConfig = { ...outcome!, taskUrl: "https://file.test" };
    const url = (taskUrl: RunContext["taskUrl"], config = withFile) => specOf({ taskUrl }, config).spec!.endpoints.taskApp;
    expect(url({ flag: "https://flag.test/", environment: "https://env.test" })).toBe("https://flag.test");
    expect(url({ flag: " ", environment: "https://env.test" })).toBe("https://env.test");
    expect(url({})).toBe("https://file.test");
    expect(url({}, outcome!)).toBe("http://task-app:8001");
  });

  it("tells that the environment's task app won", () => {
    const { notices } = specOf({ taskUrl: { environment: "https://env.test" } });
    expect(notices.find(({ path }) => path === "services.task_url")!.text).toContain("https://env.test");
  });

  it("is refused with an address that is none, named by where it came from", () => {
    expect(specOf({ taskUrl: { environment: "task-app.test" } }).problems).toEqual([
      expect.objectContaining({ file: "environment", path: "TASK_APP_URL", what: expect.stringContaining("no http or https address") }),
    ]);
  });

  it("has one hash an experiment: name, stack, attempt and addresses don't count, every size does", () => {
    const hash = (change: Partial<RunContext>, config = outcome!) => specOf(change, config).spec!.config.sha256;
    expect(hash({ name: "other", stack: "exp-7", attempt: 2, endpoints: endpointsOf("pair-3") })).toBe(hash({}));
    const hashes = [hash({}), hash({ overrides: { seed: 1 } }), hash({ overrides: { iterations: 11 } }), hash({}, simple!)];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("is refused above the server's rank, or without room for a prompt", () => {
    expect(specOf({ overrides: { loraRank: 64 } }).problems.map(({ path }) => path)).toEqual(["lora.r"]);
    expect(specOf({ overrides: { maxTokens: 8192 } }).problems.map(({ path }) => path)).toEqual(["policy.max_tokens"]);
    expect(specOf({ name: "Not A Label" }).problems.map(({ path }) => path)).toEqual(["name"]);
  });

  it("comes with a notice for what bends the log-probabilities", () => {
    const paths = specOf().notices.map(({ path }) => path);
    expect(paths).toEqual(["sampling.top_p", "sampling.tool_choice", "lora.dropout"]);
    expect(specOf({ overrides: { topP: 1, toolChoice: "auto", loraDropout: 0 } }).notices).toEqual([]);
  });
});

describe("the runs of a stack", () => {
  const first = specOf().spec!;
  it("must be evaluated on the same worlds and have names of their own", () => {
    const other = { ...specOf({}, simple!).spec!, evaluation: { ...first.evaluation, seeds: [99] } };
    expect(compareRuns([first, other]).problems.map(({ path }) => path)).toEqual(["evaluation.seeds"]);
    expect(repeatedNames([first, other]).map(({ path }) => path)).toEqual(["name"]);
    expect(repeatedNames([first, { ...other, name: "b" }])).toEqual([]);
  });

  it("that differ in their names alone are told, since both pay for one answer", () => {
    expect(repeatedExperiments([first, { ...first, name: "b" }]).map(({ text }) => text)).toEqual([expect.stringContaining(`${first.name}, b are one`)]);
    expect(repeatedExperiments([first, specOf({ name: "b", overrides: { seed: 7 } }).spec!])).toEqual([]);
  });

  it("are told apart by more than their reward in a notice", () => {
    const other = { ...specOf({ name: "b" }, simple!).spec!, training: { ...first.training, iterations: 20 } };
    const { problems, notices } = compareRuns([first, other]);
    expect(problems).toEqual([]);
    expect(notices.map(({ text }) => text)).toEqual([expect.stringContaining("iterations 10 and 20")]);
  });
});
