import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { ConfigError, formatProblem } from "./config/problem.ts";
import { parseRewardConfig, readRewardConfigs } from "./rewardConfig.ts";

const root = resolve(import.meta.dirname, "..");
const SHIPPED = ["outcome", "stepwise_simple", "stepwise_shaped"].map((name) => `configs/crafter_rl_${name}.toml`);
const LEGACY = readFileSync(resolve(root, SHIPPED[0]!), "utf8");
const NEW = readFileSync(resolve(root, SHIPPED[1]!), "utf8");
const SHAPED = readFileSync(resolve(root, SHIPPED[2]!), "utf8");

/** The line, from 1, on which a text first holds something. */
const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

/** The problems of a text in which some lines were exchanged; every exchange must hit. */
function problemsOf(text: string, ...exchanges: [from: string, to: string][]): string[] {
  const changed = exchanges.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`no "${from}" in the text`);
    return before.replace(from, to);
  }, text);
  return parseRewardConfig("x.toml", changed).problems.map(formatProblem);
}

describe("the shipped configs", () => {
  it("are read without a problem, and say the same but for the reward", () => {
    const { configs } = readRewardConfigs(SHIPPED, root);
    const [outcome, simple, shaped] = configs.map(({ path, reward, rollout, ...rest }) => ({ ...rest, rollout: { ...rollout, maxConcurrent: 0 } }));
    expect(simple).toEqual(outcome);
    expect(shaped).toEqual(outcome);
    expect(configs.map(({ reward }) => [reward.stepwise, reward.strategy, reward.indicatorLambda])).toEqual([
      [false, "consistent", 0], [true, "consistent", 1], [true, "per_achievement", 0.5],
    ]);
  });

  it("hold the published sizes", () => {
    const [outcome] = readRewardConfigs(SHIPPED, root).configs;
    expect(outcome).toMatchObject({
      modelName: "Qwen/Qwen3-4B", maxModelLen: 8192, taskUrl: undefined,
      lora: { rank: 16, alpha: 32, dropout: 0.05, targetModules: ["all-linear"] },
      algorithm: { kind: "gspo", clipLow: 3e-4, clipHigh: 4e-4, tisClip: 2 },
      training: { iterations: 10, batchSize: 4, groupSize: 4, learningRate: 5e-5 },
      rollout: { maxTurns: 10, maxConcurrent: 12, temperature: 0.6, topP: 0.95, maxTokens: 512 },
      evaluation: { seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], everyIterations: 10 },
    });
  });

  it("name the schema in their first line", () => {
    for (const text of [LEGACY, NEW, SHAPED]) expect(text.split("\n")[0]).toBe("#:schema ./reward.schema.json");
  });

  it("are in the legacy and in the new layout", () => {
    expect([LEGACY.includes("\n[model]"), LEGACY.includes("\n[policy]"), NEW.includes("\n[model]"), NEW.includes("\n[policy]")])
      .toEqual([true, false, false, true]);
  });

  it("have each key without effect told once for all files", () => {
    const { notices } = readRewardConfigs(SHIPPED, root);
    const ops = notices.filter(({ path }) => path === "rollout.ops");
    expect(ops).toHaveLength(1);
    expect(ops[0]!.files).toEqual(SHIPPED);
    expect(new Set(notices.map(({ path }) => path)).size).toBe(notices.length);
  });
});

describe("a bad config", () => {
  it("with a syntax error is told its line and column", () => {
    const { problems } = parseRewardConfig("x.toml", LEGACY.replace("max_turns = 10", "max_turns = = 10"));
    expect(problems[0]).toMatchObject({ line: lineOf(LEGACY, "max_turns = 10"), column: 13, file: "x.toml" });
    expect(problems[0]!.write).toContain("max_turns = = 10");
  });

  it("with an unknown key is told the nearest known one and the line", () => {
    expect(problemsOf(NEW, ["learning_rate", "learnin_rate"])).toEqual([
      `x.toml:${lineOf(NEW, "[training]")}:1 training.learning_rate: is missing. Write for example training.learning_rate = 5e-5 (AdamW's learning rate)`,
      `x.toml:${lineOf(NEW, "learning_rate")}:1 training.learnin_rate: is not a known key. Did you mean training.learning_rate? If not, remove it`,
    ]);
  });

  it("with a key in the wrong table is told the right one", () => {
    expect(problemsOf(NEW, ["num_epochs = 1", "num_epochs = 1\nmax_concurrent_rollouts = 8"])[0])
      .toContain("Did you mean rollout.max_concurrent_rollouts?");
  });

  it("with a wrong type is told the line, what stands there and what to write", () => {
    expect(problemsOf(NEW, ["batch_size = 4", 'batch_size = "four"'])).toEqual([
      `x.toml:${lineOf(NEW, "batch_size = 4")}:1 training.batch_size: is "four", but must be a number. Write for example training.batch_size = 4 (groups (distinct worlds) an iteration)`,
    ]);
  });

  it("is told of two turn counts, since training.max_turns and rollout.max_turns differ", () => {
    expect(problemsOf(LEGACY, ["max_turns = 10 # published", "max_turns = 8 # published"])[0])
      .toMatch(/training\.max_turns: is 8 but rollout\.max_turns is 10: an episode has one number of decisions/);
  });

  it("is told of a batch that straddles two steps", () => {
    expect(problemsOf(NEW, ["episodes_per_batch = 4", "episodes_per_batch = 5"])[0]).toMatch(/does not divide the 4 x 4 = 16 episodes/);
  });

  it("is told of a rank that vLLM does not serve", () => {
    expect(problemsOf(NEW, ["r = 16", "r = 12"])[0]).toMatch(/training\.lora\.r: is 12, which is not among .* Write training\.lora\.r = 16/);
  });

  it("is told of weights and k-limits that name no achievement", () => {
    const found = problemsOf(SHAPED, ["eat_cow = 0.4", "collect_food = 0.4"], ["eat_cow = 3", "colect_wod = 3"]);
    expect(found[0]).toMatch(/step_rewards_weights\.collect_food: names no achievement of Crafter.*Write eat_cow/);
    expect(found[1]).toMatch(/step_rewards_k_limits\.colect_wod: names no achievement.*Write collect_wood/);
  });

  it("is told of a topology that does not sum to its GPUs", () => {
    expect(problemsOf(LEGACY, ["gpu_count = 2", "gpu_count = 4"])[0]).toMatch(/compute\.gpu_count: is 4, but the topology's GPUs sum to 2/);
  });

  it("is told that tensor parallelism is named once of twice", () => {
    expect(problemsOf(LEGACY, ["tensor_parallel_size = 1\n", ""])[0]).toMatch(/topology\.tensor_parallel: stands alone/);
  });

  it("is told to say where its rewards come from, and that there is no judge", () => {
    expect(problemsOf(NEW, ["task_app_origin_rewards_only = true\n", ""])[0]).toMatch(/is missing: a config must say where its rewards come from/);
    expect(problemsOf(NEW, ["task_app_origin_rewards_only", "rubric_rewards_only"])[0]).toMatch(/there is no judge model here/);
    expect(problemsOf(NEW, ["\n[training.rewards]", "\n[judge]\nenabled = true\n[training.rewards]"])[0]).toMatch(/judge\.enabled: is true/);
  });

  it("is told of step rewards that are enabled and off", () => {
    expect(problemsOf(NEW, ['step_rewards_mode = "decision_stepwise"\n', ""])[0]).toMatch(/their mode is not given, which means off/);
  });

  it("is told of a strategy that would silently be another", () => {
    expect(problemsOf(NEW, ['strategy = "consistent"', 'strategy = "per_achievment"'])[0]).toMatch(/Write .* = "per_achievement"/);
  });

  it("is told of a task app that is no address", () => {
    expect(problemsOf(NEW, ['task_url = "placeholder"', 'task_url = "localhost:8001"'])[0]).toMatch(/services\.task_url: is "localhost:8001", which is no http/);
  });

  it("is told of a fact that its two homes give two values", () => {
    expect(problemsOf(NEW, ["\n[training.rewards]", "\n[lora]\nr = 32\n[training.rewards]"])[0]).toMatch(/lora\.r: is 32 but training\.lora\.r is 16/);
  });

  it("is told of every problem of every file at once", () => {
    const error = (() => {
      try {
        readRewardConfigs(["configs/none.toml", "package.json"], root);
        return undefined;
      } catch (thrown) {
        return thrown as ConfigError;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect(error!.exitCode).toBe(78);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error!.problems.map(({ file }) => file)).toEqual(["configs/none.toml", "package.json"]);
    expect(error!.message).toMatch(/2 problems.*\n.*none\.toml: does not exist\..*\n.*package\.json:1:/);
  });
});

describe("both layouts", () => {
  it("take rewards from where the task app reads them", () => {
    const { config } = parseRewardConfig("x.toml", LEGACY.replace("step_rewards_enabled = false\n", "")
      + '\n[rollout.env_config]\ndifficulty = "easy"\n[rollout.env_config.step_rewards]\nenabled = true\nmode = "decision_stepwise"\n'
      + 'strategy = "achievement_weighted"\nindicator_lambda = 0.5\nstep_beta = 0.1\nweights = { collect_wood = 2.0 }\n');
    expect(config!.reward).toMatchObject({ stepwise: true, strategy: "per_achievement", indicatorLambda: 0.5, stepBeta: 0.1, weights: { collect_wood: 2 } });
    expect(config!.rollout.envConfig).toEqual({ difficulty: "easy" });
  });

  it("take the variety for the loss and give each loss its own clip", () => {
    const { config } = parseRewardConfig("x.toml", NEW.replace('variety = "gspo"', 'variety = "GRPO"'));
    expect(config!.algorithm).toEqual({ kind: "grpo", clipLow: 0.2, clipHigh: 0.2, tisClip: 2 });
  });

  it("take step_rewards_mode env_sparse for the outcome reward and say so", () => {
    const read = parseRewardConfig("x.toml", NEW.replace('"decision_stepwise"', '"env_sparse"'));
    expect(read.config!.reward.stepwise).toBe(false);
    expect(read.notices.map(({ text }) => text).join()).toMatch(/this is the outcome reward/);
  });
});
