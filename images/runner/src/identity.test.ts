import { expect, test } from "vitest";
import { decisionFault } from "./identity.ts";
import type { DecisionMeta } from "./taskApp.ts";

const good: DecisionMeta = {
  served_model: "run-v3",
  prompt_token_ids: [1, 2],
  completion_token_ids: [3, 4],
  completion_logprobs: [-0.5, -1],
  valid: true,
  invalid_actions: 0,
};

test("a decision of the adapter that was asked for, with all its tokens, counts", () => {
  expect(decisionFault(good, "run-v3")).toBeNull();
});

test.each<[string, Partial<DecisionMeta>]>([
  ["served by base instead of run-v3", { served_model: "base" }],
  ["served by run-v2 instead of run-v3", { served_model: "run-v2" }],
  ["served by an unnamed model instead of run-v3", { served_model: null }],
  ["token ids missing", { prompt_token_ids: null }],
  ["token ids missing", { completion_token_ids: [] }],
  ["log-probabilities missing", { completion_logprobs: undefined }],
  ["another number of log-probabilities than of tokens", { completion_logprobs: [-0.5] }],
  ["a log-probability that is no number", { completion_logprobs: [-0.5, null] }],
])("dropped: %s", (fault, change) => {
  expect(decisionFault({ ...good, ...change }, "run-v3")).toBe(fault);
});
