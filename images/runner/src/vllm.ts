import { z } from "zod";
import { explainRefusedKey, parseAnswer } from "./answer.ts";
import { HttpClient } from "./http.ts";

const models = z.object({ data: z.array(z.object({ id: z.string(), root: z.string().nullish(), parent: z.string().nullish() })) });
export type ServedModel = z.infer<typeof models>["data"][number];

const completion = z.object({
  model: z.string(),
  choices: z.tuple([
    z.object({
      prompt_token_ids: z.array(z.int()),
      /** One entry a prompt token, keyed by token id; null for the first token, which has nothing before it. */
      prompt_logprobs: z.array(z.record(z.string(), z.object({ logprob: z.number() })).nullable()),
    }),
  ]),
});

/** A prompt as the server tokenised it, and log p(token | tokens before), nats, for every token but the first. */
export interface Scored {
  servedModel: string;
  tokenIds: number[];
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

  async health(signal: AbortSignal): Promise<void> {
    await this.#call("GET", "/health", undefined, 10, signal);
  }

  /** The base model and every loaded adapter; an adapter's `root` is the folder it was loaded from. */
  async models(signal: AbortSignal): Promise<ServedModel[]> {
    return parseAnswer("vLLM", "GET /v1/models", models, await this.#call("GET", "/v1/models", undefined, 30, signal)).data;
  }

  async loadAdapter(name: string, path: string, signal: AbortSignal): Promise<void> {
    await this.#call("POST", "/v1/load_lora_adapter", { lora_name: name, lora_path: path }, 300, signal);
  }

  async unloadAdapter(name: string, signal: AbortSignal): Promise<void> {
    await this.#call("POST", "/v1/unload_lora_adapter", { lora_name: name }, 60, signal);
  }

  /** Scores a fixed text, or its token ids, under `model`; one token is generated and ignored. */
  async score(model: string, prompt: string | number[], signal: AbortSignal): Promise<Scored> {
    const body = { model, prompt, max_tokens: 1, temperature: 0, prompt_logprobs: 0, return_token_ids: true };
    const text = await this.#call("POST", "/v1/completions", body, 300, signal);
    const answer = parseAnswer("vLLM", "POST /v1/completions", completion, text);
    const [choice] = answer.choices;
    const logprobs = choice.prompt_token_ids.slice(1).map((id, index) => {
      // A missing entry becomes NaN, which no comparison of the canary accepts.
      return choice.prompt_logprobs[index + 1]?.[String(id)]?.logprob ?? Number.NaN;
    });
    return { servedModel: answer.model, tokenIds: choice.prompt_token_ids, logprobs };
  }

  close(): void {
    this.#http.close();
  }

  async #call(method: string, path: string, body: unknown, timeoutSeconds: number, signal: AbortSignal): Promise<string> {
    try {
      return await this.#http.call(method, path, { body, timeoutSeconds, signal });
    } catch (error) {
      throw explainRefusedKey(error, "vLLM", "SYNTH_API_KEY");
    }
  }
}
