import fc from "fast-check";
import { expect, test } from "vitest";
import { readEpisode } from "../src/rewards.ts";
import type { EpisodePlan } from "../src/rolloutRequest.ts";
import { trainingSamples } from "../src/samples.ts";
import { TaskApp } from "../src/taskApp.ts";
import { Trainer } from "../src/trainer.ts";
import { FakeServer } from "./fakeServer.ts";
import { fakeSpec } from "./fakeSpec.ts";

/**
 * Token ids travel: what the sampler drew is what the trainer gets, whatever the text looks like. The ids here have nothing
 * to do with the text beside them, so anything made from the text would be another list.
 */

const oddText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    " \t\r\n\u00a0\u200b\u2028",
    "👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 ﷽",
    '<tool_call>\n{"name": "interact_many", "arguments": {"actions": ["move_left", "do"]}}\n</tool_call>',
    '{"a":"\\u0000\\"}"}',
    "</s><|im_end|>",
  ),
);
const tokenId = fc.nat({ max: 2 ** 31 - 1 });
const chosen = fc.record({ id: tokenId, logprob: fc.double({ min: -1e4, max: -Number.MIN_VALUE, noNaN: true }) });
const decision = fc.record({
  text: oddText,
  prompt: fc.array(tokenId, { minLength: 1, maxLength: 40 }),
  completion: fc.array(chosen, { minLength: 1, maxLength: 20 }),
});
const plan: EpisodePlan = { id: "e", group: "g", worldSeed: 5, samplerSeed: 1, mode: "rl", adapter: "r-v0" };

test("token ids and log-probabilities reach the trainer as the sampler gave them, over any text", async () => {
  let answer: unknown;
  let posted: any;
  const taskApp = new FakeServer(async () => ({ status: 200, body: answer }));
  const trainer = new FakeServer(async ({ body }) => ((posted = body), { status: 500 }));
  await Promise.all([taskApp.start(), trainer.start()]);
  const { signal } = new AbortController();
  const [player, learner] = [new TaskApp(taskApp.url, "k"), new Trainer(trainer.url, "k", "r")];
  const url = "http://localhost";
  const spec = fakeSpec({ taskApp: url, vllm: url, trainer: url });
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(decision, { minLength: 1, maxLength: 4 }), async (decisions) => {
        answer = rolloutAnswer(decisions);
        spec.rollout.maxTurns = decisions.length;
        const episode = readEpisode(await player.rollout({}, 4, signal), plan, spec);
        expect(episode.record.dropped).toBe(0);
        const step = { step: 1, cursor: {}, temperature: 1, max_logprob_delta: 1, sampler_version: 0, samples: trainingSamples([episode], true) };
        await expect(learner.step(step, signal)).rejects.toThrow("500");
        expect(posted.samples.map((sample: any) => [sample.prompt_ids, sample.completion_ids, sample.sampler_logprobs])).toEqual(
          decisions.map(({ prompt, completion }) => [
            prompt,
            completion.map(({ id }) => id),
            completion.map(({ logprob }) => logprob),
          ]),
        );
      }),
      { numRuns: 60, seed: 1 },
    );
  } finally {
    player.close();
    learner.close();
    await Promise.all([taskApp.stop(), trainer.stop()]);
  }
});

function rolloutAnswer(decisions: readonly { text: string; prompt: number[]; completion: { id: number; logprob: number }[] }[]) {
  const steps = decisions.map(({ text, prompt, completion }) => ({
    obs: { text },
    tool_calls: [{ tool_name: "interact_many", arguments: text }],
    reward: null,
    done: false,
    info: {
      stepwise: { reward: 0 },
      meta: {
        served_model: "r-v0",
        text,
        prompt_token_ids: prompt,
        completion_token_ids: completion.map(({ id }) => id),
        completion_logprobs: completion.map(({ logprob }) => logprob),
        valid: true,
        invalid_actions: 0,
      },
    },
  }));
  const actions = decisions.map(() => ["noop"]);
  const rewardlab = { trajectory_hash: "h", env_seed: 5, actions, achievements: [], unlocks: 0, resource_reward: 0 };
  return { trajectories: [{ steps }], metrics: { details: { rewardlab } } };
}
