import { z } from "zod";
import { Service } from "./service.ts";

const models = z.object({
  data: z.array(z.object({ id: z.string(), root: z.string().nullish(), parent: z.string().nullish() })),
});
export type ServedModel = z.infer<typeof models>["data"][number];

const completion = z.object({
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      prompt_token_ids: z.array(z.int()),
      token_ids: z.array(z.int()),
      logprobs: z.object({ token_logprobs: z.array(z.number().nullable()) }).nullable(),
    }),
  ),
});

/** log p(token | prompt), nats, one a prompt, and the model that says so. */
export interface Scored {
  servedModel: string;
  logprobs: number[];
}

/** The inference server: the OpenAI routes and vLLM's adapter routes. */
export class Vllm {
  /** Without a trailing `/v1`. */
  readonly url: string;
  readonly #service: Service;

  constructor(url: string, apiKey: string) {
    this.url = url.replace(/\/+$/, "").replace(/\/v1$/, "");
    this.#service = new Service("vLLM", this.url, { authorization: `Bearer ${apiKey}` }, "SYNTH_API_KEY");
  }

  /** Throws while the server isn't there; a ConfigError when it refuses the key. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.health(signal);
    await this.models(signal);
  }

  async health(signal: AbortSignal): Promise<void> {
    await this.#service.call("GET", "/health", { timeoutSeconds: 10, signal });
  }

  /** The base model and every loaded adapter; an adapter's `root` is the folder it was loaded from. */
  async models(signal: AbortSignal): Promise<ServedModel[]> {
    return (await this.#service.ask(models, "GET", "/v1/models", { timeoutSeconds: 30, signal })).data;
  }

  async loadAdapter(name: string, path: string, signal: AbortSignal): Promise<void> {
    const body = { lora_name: name, lora_path: path };
    await this.#service.call("POST", "/v1/load_lora_adapter", { body, timeoutSeconds: 300, signal });
  }

  async unloadAdapter(name: string, signal: AbortSignal): Promise<void> {
    const body = { lora_name: name };
    await this.#service.call("POST", "/v1/unload_lora_adapter", { body, timeoutSeconds: 60, signal });
  }

  /** A text as the server tokenises it. Generates one token under `model`, so it also warms the server up. */
  async tokenIds(model: string, prompt: string, signal: AbortSignal): Promise<number[]> {
    const [choice] = (await this.#complete({ model, prompt }, signal)).choices;
    return choice?.prompt_token_ids ?? [];
  }

  /**
   * log p(token | prompt) under `model` for each of some prompts, in one request.
   *
   * By generating the one allowed token: vLLM reports log-probabilities from before the restriction. Not with
   * prompt_logprobs, which looks made for this: with an adapter and any other request in the batch it kills the engine
   * (seen in 0.32 on CPU: the LoRA head indexes prompt rows with the sampler's indices).
   */
  async score(model: string, prompts: number[][], token: number, signal: AbortSignal): Promise<Scored> {
    const answer = await this.#complete({ model, prompt: prompts, allowed_token_ids: [token], logprobs: 0 }, signal);
    const choices = answer.choices.toSorted((a, b) => a.index - b.index);
    // What is missing or forced to another token becomes NaN, which the canary refuses.
    const logprobs = choices.map((choice) =>
      choice.token_ids[0] === token ? (choice.logprobs?.token_logprobs[0] ?? Number.NaN) : Number.NaN,
    );
    return { servedModel: answer.model, logprobs };
  }

  async #complete(request: Record<string, unknown>, signal: AbortSignal): Promise<z.infer<typeof completion>> {
    const body = { ...request, max_tokens: 1, temperature: 0, return_token_ids: true };
    return this.#service.ask(completion, "POST", "/v1/completions", { body, timeoutSeconds: 300, signal });
  }

  close(): void {
    this.#service.close();
  }
}
