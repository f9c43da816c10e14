import { z } from "zod";
import { explainRefusedKey, parseAnswer } from "./answer.ts";
import { HttpClient } from "./http.ts";

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
  readonly #http: HttpClient;

  constructor(url: string, apiKey: string) {
    this.url = url.replace(/\/+$/, "").replace(/\/v1$/, "");
    this.#http = new HttpClient("vLLM", this.url, { authorization: `Bearer ${apiKey}` });
  }

  /** Throws while the server isn't there; a ConfigError when it refuses the key. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.health(signal);
    await this.models(signal);
  }

  async health(signal: AbortSignal): Promise<void> {
    await this.#call("GET", "/health", undefined, 10, signal);
  }

  /** The base model and every loaded adapter; an adapter's `root` is the folder it was loaded from. */
  async models(signal: AbortSignal): Promise<ServedModel[]> {
    return parseAnswer("vLLM", "GET /v1/models", models, await this.#call("GET", "/v1/models", undefined, 30, signal))
      .data;
  }

  async loadAdapter(name: string, path: string, signal: AbortSignal): Promise<void> {
    await this.#call("POST", "/v1/load_lora_adapter", { lora_name: name, lora_path: path }, 300, signal);
  }

  async unloadAdapter(name: string, signal: AbortSignal): Promise<void> {
    await this.#call("POST", "/v1/unload_lora_adapter", { lora_name: name }, 60, signal);
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
    const text = await this.#call("POST", "/v1/completions", body, 300, signal);
    return parseAnswer("vLLM", "POST /v1/completions", completion, text);
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
      throw explainRefusedKey(error, "vLLM", "SYNTH_API_KEY");
    }
  }
}
