import { z } from "zod";
import { HttpError } from "./http.ts";
import type { RunSpec } from "./runSpec.ts";
import { Service } from "./service.ts";

const count = z.int().min(0);
const seconds = z.number().min(0);
export const adapter = z.object({ name: z.string(), version: count, path: z.string(), digest: z.string() });
export type Adapter = z.infer<typeof adapter>;

const mismatch = z.object({
  mean_abs_logprob_delta: z.number(),
  max_abs_logprob_delta: z.number(),
  kl: z.number(),
  mean_ratio: z.number(),
});

const stepResult = z.object({
  step: count,
  adapter,
  loss: z.number(),
  grad_norm: z.number(),
  /** Under the version that sampled. */
  mismatch,
  staleness: count,
  /** Under the version that learned; null where that is the one that sampled. */
  off_policy: mismatch.nullable(),
  clipped_share: z.number(),
  zero_advantage_samples: count,
  foreign_samples: count,
  samples: count,
  tokens: z.object({ prompt: count, completion: count }),
  seconds: z.object({ save: seconds, total: seconds }),
  no_update: z.boolean(),
});
export type StepResult = z.infer<typeof stepResult>;

const runState = z.object({
  run: z.string(),
  /** Completed steps. */
  step: count,
  adapter,
  cursor: z.record(z.string(), z.unknown()).nullable(),
  /** Did this PUT make the run? */
  created: z.boolean(),
  /** Result of the last completed step; null at step 0. */
  last_step: stepResult.nullable(),
});
export type RunState = z.infer<typeof runState>;

const scores = z.object({ logprobs: z.array(z.tuple([z.number()])) });
const digestAnswer = z.object({ digest: z.string().nullable() });

/** One decision as the trainer learns from it. */
export interface Sample {
  id: string;
  group: string;
  prompt_ids: number[];
  completion_ids: number[];
  /** Nats, one a completion token. */
  sampler_logprobs: number[];
  advantage: number;
}

export interface StepRequest {
  step: number;
  cursor: Record<string, unknown>;
  temperature: number;
  /** Nats a token: a sample that the trainer finds further off was not sampled from its adapter, and is left out. */
  max_logprob_delta: number;
  /** The current version, or the one before it. */
  sampler_version: number;
  samples: Sample[];
}

/** A step waits for its turn behind the other runs' steps, so its bound is generous. */
const STEP_TIMEOUT_SECONDS = 1800;

/** The LoRA trainer: one state a run, one adapter version a step. */
export class Trainer {
  readonly #service: Service;
  readonly #run: string;

  constructor(url: string, apiKey: string, runKey: string) {
    this.#service = new Service("the trainer", url, { authorization: `Bearer ${apiKey}` }, "SYNTH_API_KEY");
    this.#run = `/runs/${runKey}`;
  }

  /** Throws until the base model is loaded. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#service.call("GET", "/ready", { timeoutSeconds: 10, signal });
  }

  /** Creates the run with adapter version 0, or gives the state of the run that is there. 409 if that one differs. */
  async put(spec: RunSpec, signal: AbortSignal): Promise<RunState> {
    const { lora, algorithm, training } = spec;
    const body = {
      seed: spec.seed,
      lora: { rank: lora.rank, alpha: lora.alpha, dropout: lora.dropout, target_modules: lora.targetModules },
      algorithm: {
        kind: algorithm.kind,
        clip_low: algorithm.clipLow,
        clip_high: algorithm.clipHigh,
        tis_clip: algorithm.tisClip,
      },
      optimizer: {
        learning_rate: training.learningRate,
        weight_decay: training.weightDecay,
        max_grad_norm: training.maxGradNorm,
      },
      micro_batch: training.microBatch,
    };
    return this.#service.ask(runState, "PUT", this.#run, { body, timeoutSeconds: 600, signal });
  }

  /** The run's state, or null if the trainer doesn't know the run. */
  async get(signal: AbortSignal): Promise<RunState | null> {
    try {
      return await this.#service.ask(runState, "GET", this.#run, { timeoutSeconds: 60, signal });
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return null;
      throw error;
    }
  }

  /** Takes one step. Posting the same step with the same samples again gives the recorded result. */
  async step(request: StepRequest, signal: AbortSignal): Promise<StepResult> {
    const options = { body: request, timeoutSeconds: STEP_TIMEOUT_SECONDS, signal };
    return this.#service.ask(stepResult, "POST", `${this.#run}/steps`, options);
  }

  /** log p(token | prompt), nats at temperature 1, for each of some prompts under the current version or the one before. */
  async score(version: number, prompts: number[][], token: number, signal: AbortSignal): Promise<number[]> {
    const sequences = prompts.map((prompt) => ({ prompt_ids: prompt, completion_ids: [token] }));
    const body = { adapter_version: version, sequences };
    const options = { body, timeoutSeconds: STEP_TIMEOUT_SECONDS, signal };
    const answer = await this.#service.ask(scores, "POST", `${this.#run}/score`, options);
    return answer.logprobs.map(([logprob]) => logprob);
  }

  /** Digest of a version's folder, read from the disk now; null where there is no folder. */
  async digestOnDisk(version: number, signal: AbortSignal): Promise<string | null> {
    const path = `${this.#run}/adapters/${version}`;
    return (await this.#service.ask(digestAnswer, "GET", path, { timeoutSeconds: 60, signal })).digest;
  }

  /** Frees the run's memory; the adapters stay on disk. */
  async delete(signal: AbortSignal): Promise<void> {
    await this.#service.call("DELETE", this.#run, { timeoutSeconds: 60, signal });
  }

  close(): void {
    this.#service.close();
  }
}
