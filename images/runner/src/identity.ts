import type { DecisionMeta } from "./taskApp.ts";

/**
 * Why a decision can't be trained on, or null when it can. A decision counts only if the adapter that was asked for is the
 * one that answered, and if its tokens came back whole: everything else would be trained as if the policy had done it.
 */
export function decisionFault(meta: DecisionMeta, adapter: string): string | null {
  const {
    served_model: served,
    prompt_token_ids: prompt,
    completion_token_ids: completion,
    completion_logprobs: logprobs,
  } = meta;
  if (served !== adapter) return `served by ${served ?? "an unnamed model"} instead of ${adapter}`;
  if (!prompt?.length || !completion?.length) return "token ids missing";
  if (!logprobs) return "log-probabilities missing";
  if (logprobs.length !== completion.length) return "another number of log-probabilities than of tokens";
  if (logprobs.some((value) => value === null || !Number.isFinite(value)))
    return "a log-probability that is no number";
  return null;
}
