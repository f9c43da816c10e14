import { expect, test } from "vitest";
import { fakeSpec } from "../test/fakeSpec.ts";
import { readEpisode } from "./rewards.ts";
import type { EpisodePlan } from "./rolloutRequest.ts";
import type { RolloutAnswer } from "./taskApp.ts";

const url = "http://localhost";
const spec = (stepwise: boolean) =>
  fakeSpec({ taskApp: url, vllm: url, trainer: url }, (change) => {
    change.reward.stepwise = stepwise;
    change.rollout.maxTurns = 3;
  });
const plan: EpisodePlan = { id: "e", group: "g", worldSeed: 5, samplerSeed: 6, mode: "rl", adapter: "run-v0" };
const meta = {
  served_model: "run-v0",
  prompt_token_ids: [1],
  completion_token_ids: [2],
  completion_logprobs: [-1],
  valid: true,
  invalid_actions: 1,
};

/** Three decisions; the second unlocks two achievements at once, which `consistent` pays once and shaping with 0.6. */
function answer(stepwise: number[] | null): RolloutAnswer {
  const steps = [null, 2, null].map((reward, index) => ({
    reward,
    done: false,
    info: { meta, stepwise: stepwise === null ? null : { reward: stepwise[index]! } },
  }));
  const rewardlab = {
    actions: steps.map(() => ["noop"]),
    trajectory_hash: "h",
    env_seed: 5,
    achievements: [{ name: "collect_wood" }, { name: "place_table" }],
    unlocks: 2,
    resource_reward: 0.1,
  };
  return { trajectories: [{ steps }], metrics: { details: { rewardlab } } };
}

test("outcome: the return is the number of unlocked achievements", () => {
  const episode = readEpisode(answer(null), plan, spec(false));
  expect(episode.return).toBe(2);
  expect(episode.decisions.map((decision) => decision.reward)).toEqual([0, 2, 0]);
});

test("outcome ignores stepwise rewards that a task app sends all the same", () => {
  expect(readEpisode(answer([9, 9, 9]), plan, spec(false)).return).toBe(2);
});

test("stepwise: the return is the sum of the decisions' own rewards", () => {
  expect(readEpisode(answer([0, 1, 0]), plan, spec(true)).return).toBe(1);
  expect(readEpisode(answer([0.1, 0.6, 0]), plan, spec(true)).return).toBeCloseTo(0.7);
});

test("the record holds what the report needs", () => {
  expect(readEpisode(answer([0, 1, 0]), plan, spec(true)).record).toEqual({
    id: "e",
    group: "g",
    envSeed: 5,
    return: 1,
    unlocks: 2,
    achievements: ["collect_wood", "place_table"],
    resourceReward: 0.1,
    decisions: 3,
    dropped: 0,
    invalidActions: 3,
    actions: [["noop"], ["noop"], ["noop"]],
    trajectoryHash: "h",
  });
});

test("a decision of another model is dropped, its reward counts", () => {
  const episode = readEpisode(answer(null), { ...plan, adapter: "run-v1" }, spec(false));
  expect([episode.record.dropped, episode.return]).toEqual([3, 2]);
});

test("the random policy serves no adapter and drops nothing", () => {
  expect(readEpisode(answer(null), { ...plan, adapter: null }, spec(false)).record.dropped).toBe(0);
});

test("another world than the one asked for ends the run", () => {
  expect(() => readEpisode(answer(null), { ...plan, worldSeed: 4 }, spec(false))).toThrow("world 5 instead of 4");
});

test("a stepwise run without stepwise rewards, and an episode cut short, end the run", () => {
  expect(() => readEpisode(answer(null), plan, spec(true))).toThrow("no stepwise reward");
  const short = answer(null);
  short.trajectories[0].steps.pop();
  expect(() => readEpisode(short, plan, spec(false))).toThrow("2 of 3 decisions");
});
