import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fakeLogprobs, fakeTokens } from "./fakeModel.ts";
import { type FakeAnswer, type FakeRequest, FakeServer } from "./fakeServer.ts";

/** A fake of vLLM for tests: adapters are folders with a weight in a file, loaded and unloaded by name. */
export class FakeVllm {
  readonly server = new FakeServer((request) => this.#answer(request));
  /** By name, in the order of loading. */
  readonly #loaded = new Map<string, { root: string; weight: number }>();
  readonly apiKey = "fake-synth-key";
  /** Every name that was ever loaded, with repeats. */
  readonly loads: string[] = [];
  readonly unloads: string[] = [];
  /** Most adapters that were loaded at one time. */
  mostLoaded = 0;
  /** Faults, off unless a test sets them. */
  fault: {
    /**
     * Whose weight a request is answered with instead of the named adapter's: none, that of the adapter loaded before, that
     * of the run that loaded first, or half of the named one's.
     */
    weights?: "base" | "previous" | "other run" | "half";
    /** Only adapters of this version and later ones get the wrong weights. */
    fromVersion?: number;
    /** Reads half of an adapter's file. */
    readsHalf?: boolean;
    /** Called when a load arrives, before anything is read. */
    onLoad?: (name: string, root: string) => void;
    /** Status of the answer to a load of a file that can't be read. */
    unreadable?: number;
    /** Looks for adapters in another folder than the trainer's. */
    otherFolder?: boolean;
    /** Chat requests, and they alone, are answered with weights that are off by this much; every n-th of them. */
    chatOffset?: number;
    offsetEvery?: number;
    /** Name of the model that a chat answer gives, from the one asked for and the number of the chat. */
    servedModel?: (asked: string, chat: number) => string;
    /** Log-probabilities are one short. */
    shortLogprobs?: boolean;
    /** Every n-th chat request is cut off without an answer. */
    hangUpEvery?: number;
  } = {};
  #chats = 0;

  get url(): string {
    return this.server.url;
  }

  get loaded(): string[] {
    return [...this.#loaded.keys()];
  }

  start(): Promise<void> {
    return this.server.start();
  }

  /** Ends; what was loaded is forgotten, as by a killed process. */
  async stop(): Promise<void> {
    this.#loaded.clear();
    await this.server.stop();
  }

  /** Drops an adapter, as a server does whose slots are too few. */
  evict(name: string): void {
    this.#loaded.delete(name);
  }

  #weight(name: string): number {
    const own = this.#loaded.get(name)!.weight;
    const { weights, fromVersion = 0 } = this.fault;
    if (weights === undefined || Number(name.split("-v").at(-1)) < fromVersion) return own;
    const names = this.loaded;
    const other = { base: 0, half: own / 2, previous: undefined, "other run": this.#loaded.get(names[0]!)!.weight }[weights];
    return other ?? this.#loaded.get(names[names.indexOf(name) - 1] ?? name)!.weight;
  }

  async #answer({ method, path, body, headers }: FakeRequest): Promise<FakeAnswer> {
    if (path === "/health") return { status: 200 };
    if (headers.authorization !== `Bearer ${this.apiKey}`) return { status: 401, body: { error: "Unauthorized" } };
    if (method === "GET" && path === "/v1/models") {
      const adapters = [...this.#loaded].map(([id, { root }]) => ({ id, root, parent: "base" }));
      return { status: 200, body: { data: [{ id: "base", root: "/models/base", parent: null }, ...adapters] } };
    }
    if (path === "/v1/load_lora_adapter") return this.#load(body.lora_name, body.lora_path);
    if (path === "/v1/unload_lora_adapter") {
      this.unloads.push(body.lora_name);
      return this.#loaded.delete(body.lora_name)
        ? { status: 200, body: "Success" }
        : { status: 404, body: { error: {} } };
    }
    if (!this.#loaded.has(body.model))
      return { status: 404, body: { error: { message: `The model ${body.model} does not exist.` } } };
    if (path === "/v1/completions") {
      const prompts: number[][] = typeof body.prompt === "string" ? [fakeTokens(body.prompt)] : body.prompt;
      const token: number = body.allowed_token_ids?.[0] ?? 1;
      const choices = prompts.map((ids, index) => ({
        index,
        prompt_token_ids: ids,
        token_ids: [token],
        logprobs: { token_logprobs: fakeLogprobs([...ids, token], this.#weight(body.model)).slice(-1) },
      }));
      return { status: 200, body: { model: body.model, choices } };
    }
    this.#chats += 1;
    if (this.fault.hangUpEvery && this.#chats % this.fault.hangUpEvery === 0) return "hang up";
    const offset = this.#chats % (this.fault.offsetEvery ?? 1) === 0 ? (this.fault.chatOffset ?? 0) : 0;
    const completion = [3, 1 + (body.seed % 50), 4];
    const logprobs = fakeLogprobs(completion, this.#weight(body.model) + offset).slice(
      this.fault.shortLogprobs ? 1 : 0,
    );
    return {
      status: 200,
      body: {
        model: this.fault.servedModel?.(body.model, this.#chats) ?? body.model,
        prompt_token_ids: [5, body.seed % 97, 9],
        token_ids: completion,
        logprobs,
        weight: this.#weight(body.model),
      },
    };
  }

  #load(name: string, root: string): FakeAnswer {
    this.fault.onLoad?.(name, root);
    if (this.#loaded.has(name))
      return { status: 400, body: { error: { message: `${name} has already been loaded` } } };
    const file = join(root, "weight.json");
    if (!existsSync(file) || this.fault.otherFolder)
      return { status: 404, body: { error: { message: `No adapter found for ${root}` } } };
    const text = readFileSync(file, "utf8");
    try {
      const { weight } = JSON.parse(this.fault.readsHalf ? text.slice(0, text.length / 2) : text);
      this.#loaded.set(name, { root, weight });
    } catch {
      // As the real one: it answers, lives on, and has not loaded anything.
      return { status: this.fault.unreadable ?? 500, body: { error: { message: "Error while deserializing header" } } };
    }
    this.loads.push(name);
    this.mostLoaded = Math.max(this.mostLoaded, this.#loaded.size);
    return { status: 200, body: "Success" };
  }
}
