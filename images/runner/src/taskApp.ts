import { z } from "zod";
import { Service } from "./service.ts";

const count = z.int().min(0);

/** What the task app reports of one decision. Token fields may be missing: such a decision can't be trained on. */
const decisionMeta = z.object({
  served_model: z.string().nullish(),
  prompt_token_ids: z.array(count).nullish(),
  completion_token_ids: z.array(count).nullish(),
  completion_logprobs: z.array(z.number().nullable()).nullish(),
  valid: z.boolean(),
  invalid_actions: count,
});

const step = z.object({
  /** Achievements newly unlocked by this decision; null for none. */
  reward: z.number().nullable(),
  done: z.boolean(),
  info: z.object({ stepwise: z.object({ reward: z.number() }).nullish(), meta: decisionMeta }),
});

const rolloutAnswer = z.object({
  /** The whole session, where it was asked for. */
  trace: z.record(z.string(), z.unknown()).nullish(),
  trajectories: z.tuple([z.object({ steps: z.array(step).min(1) })]),
  metrics: z.object({
    details: z.object({
      rewardlab: z.object({
        trajectory_hash: z.string().min(1),
        env_seed: z.int(),
        /** Names, a list for each decision. */
        actions: z.array(z.array(z.string())),
        /** In the order of unlocking. */
        achievements: z.array(z.object({ name: z.string() })),
        unlocks: count,
        resource_reward: z.number(),
      }),
    }),
  }),
});

export type RolloutAnswer = z.infer<typeof rolloutAnswer>;
export type DecisionMeta = z.infer<typeof decisionMeta>;

/** The Crafter task app (shared contract: `POST /rollout` plays one episode). */
export class TaskApp {
  readonly #service: Service;

  constructor(url: string, environmentApiKey: string) {
    this.#service = new Service("the task app", url, { "x-api-key": environmentApiKey }, "ENVIRONMENT_API_KEY");
  }

  /** Throws while the task app isn't there; a ConfigError when it refuses the key. */
  async health(signal: AbortSignal): Promise<void> {
    await this.#service.call("GET", "/health", { timeoutSeconds: 10, signal });
  }

  /** Plays one episode of at most `turns` model calls. Throws HttpError, NoAnswerError, or a RunFailure. */
  async rollout(body: Record<string, unknown>, turns: number, signal: AbortSignal): Promise<RolloutAnswer> {
    // A bound against a hung episode, not a target: a minute a turn is slower than any server worth its money.
    return this.#service.ask(rolloutAnswer, "POST", "/rollout", { body, timeoutSeconds: 60 + 60 * turns, signal });
  }

  close(): void {
    this.#service.close();
  }
}
