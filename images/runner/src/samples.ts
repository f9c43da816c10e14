import { advantages } from "./advantage.ts";
import type { Episode } from "./rewards.ts";
import type { Sample } from "./trainer.ts";

/**
 * What the trainer learns from: every decision that can be trained on, with its advantage. The advantages are made from all
 * decisions, dropped ones included, because the environment acted on them and their rewards are facts.
 */
export function trainingSamples(episodes: readonly Episode[], stepwise: boolean): Sample[] {
  const rewarded = episodes.map(({ plan, decisions }) => ({
    group: plan.group,
    rewards: decisions.map(({ reward }) => reward),
  }));
  const all = advantages(rewarded, stepwise);
  return episodes.flatMap(({ plan, decisions }, episode) =>
    decisions.flatMap(({ fault, meta }, index): Sample[] => {
      if (fault !== null) return [];
      return [
        {
          id: `${plan.id}-d${index}`,
          group: plan.group,
          prompt_ids: meta.prompt_token_ids!,
          completion_ids: meta.completion_token_ids!,
          sampler_logprobs: meta.completion_logprobs as number[],
          advantage: all[episode]![index]!,
        },
      ];
    }),
  );
}
