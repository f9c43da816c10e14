import { z } from "zod";
import { explainRefusedKey, parseAnswer } from "./answer.ts";
import { HttpClient, HttpError } from "./http.ts";
import type { RunSpec } from "./runSpec.ts";

const count = z.int().min(0);
const seconds = z.number().min(0);
const adapter = z.object({ name: z.string(), version: count, path: z.string(), digest: z.string() });
export type Adapter = z.infer<typeof adapter>;

const stepResult = z.object({
  step: count,
  adapter,
  loss: z.number(),
  grad_norm: z.number(),
  mismatch: z.object({
    mean_abs_logprob_delta: z.number(),
    max_abs_logprob_delta: z.number(),
    kl: z.number(),
    mean_ratio: z.number(),
  }),
  clipped_share: z.number(),
  zero_advantage_samples: count,
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
  samples: Sample[];
}

/** A step waits for its turn behind the other runs' steps, so its bound is generous. */
const STEP_TIMEOUT_SECONDS = 1800;

/** The LoRA trainer: one state a run, one adapter version a step. */
export class Trainer {
  readonly #http: HttpClient;
  readonly #run: string;

  constructor(url: string, apiKey: string, runKey: string) {
    this.#http = new HttpClient("the trainer", url, { authorization: `Bearer ${apiKey}` });
    this.#run = `/runs/${runKey}`;
  }

  /** Throws until the base model is loaded. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#call("GET", "/ready", undefined, 10, signal);
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
    return parseAnswer("the trainer", "PUT /runs", runState, await this.#call("PUT", this.#run, body, 600, signal));
  }

  /** The run's state, or null if the trainer doesn't know the run. */
  async get(signal: AbortSignal): Promise<RunState | null> {
    try {
      return parseAnswer(
        "the trainer",
        "GET /runs",
        runState,
        await this.#call("GET", this.#run, undefined, 60, signal),
      );
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return null;
      throw error;
    }
  }

  /** Takes one step. Posting the same step with the same samples again gives the recorded result. */
  async step(request: StepRequest, signal: AbortSignal): Promise<StepResult> {
    const text = await this.#call("POST", `${this.#run}/steps`, request, STEP_TIMEOUT_SECONDS, signal);
    return parseAnswer("the trainer", "POST steps", stepResult, text);
  }

  /** log p(token | prompt), nats at temperature 1, for each of some prompts under the current version. */
  async score(version: number, prompts: number[][], token: number, signal: AbortSignal): Promise<number[]> {
    const sequences = prompts.map((prompt) => ({ prompt_ids: prompt, completion_ids: [token] }));
    const text = await this.#call(
      "POST",
      `${this.#run}/score`,
      { adapter_version: version, sequences },
      STEP_TIMEOUT_SECONDS,
      signal,
    );
    const answer = parseAnswer(
      "the trainer",
      "POST score",
      z.object({ logprobs: z.array(z.tuple([z.number()])) }),
      text,
    );
    return answer.logprobs.map(([logprob]) => logprob);
  }

  /** Digest of a version's folder, read from the disk now; null where there is no folder. */
  async digestOnDisk(version: number, signal: AbortSignal): Promise<string | null> {
    const text = await this.#call("GET", `${this.#run}/adapters/${version}`, undefined, 60, signal);
    return parseAnswer("the trainer", "GET adapters", z.object({ digest: z.string().nullable() }), text).digest;
  }

  /** Frees the run's memory; the adapters stay on disk. */
  async delete(signal: AbortSignal): Promise<void> {
    await this.#call("DELETE", this.#run, undefined, 60, signal);
  }

  close(): void {
    this.#http.close();
  }

  async #call(
    method: string,
    path: string,
    body: unknown,
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      return await this.#http.call(method, path, { body, timeoutSeconds, signal });
    } catch (error) {
      throw explainRefusedKey(error, "the trainer", "SYNTH_API_KEY");
    }
  }
}
