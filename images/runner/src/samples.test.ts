import { expect, test } from "vitest";
import type { Decision, Episode } from "./rewards.ts";
import { trainingSamples } from "./samples.ts";

const decision = (reward: number, fault: string | null = null): Decision => ({
  reward,
  fault,
  meta: {
    served_model: "r-v0",
    prompt_token_ids: [1, 2],
    completion_token_ids: [3],
    completion_logprobs: [-1],
    valid: true,
    invalid_actions: 0,
  },
});
const episode = (id: string, ...decisions: Decision[]): Episode => ({
  plan: { id, group: "g", worldSeed: 1, samplerSeed: 1, mode: "rl", adapter: "r-v0" },
  decisions,
  return: 0,
  record: undefined as never,
});

test("one sample a decision, with unique ids and its own tokens", () => {
  const samples = trainingSamples(
    [episode("a", decision(0), decision(1)), episode("b", decision(0), decision(0))],
    true,
  );
  expect(samples.map(({ id }) => id)).toEqual(["a-d0", "a-d1", "b-d0", "b-d1"]);
  expect(samples[0]).toMatchObject({ group: "g", prompt_ids: [1, 2], completion_ids: [3], sampler_logprobs: [-1] });
});

test("a dropped decision is not trained on, and changes no other's advantage", () => {
  const whole = trainingSamples(
    [episode("a", decision(0), decision(1)), episode("b", decision(0), decision(0))],
    true,
  );
  const partly = trainingSamples(
    [episode("a", decision(0), decision(1, "served by base")), episode("b", decision(0), decision(0))],
    true,
  );
  expect(partly).toEqual(whole.filter(({ id }) => id !== "a-d1"));
});
