import { loadAdapter } from "./adapterLoad.ts";
import { Canary, canaryFault, IDENTITY_REMEDY, largestChange, meanChange } from "./canary.ts";
import { RunFailure } from "./failure.ts";
import { HttpError } from "./http.ts";
import { waitFor } from "./readiness.ts";
import { isPassing, withRetries } from "./retry.ts";
import type { RunLog } from "./runLog.ts";
import type { RunSpec } from "./runSpec.ts";
import type { Adapter, Trainer } from "./trainer.ts";
import type { Vllm } from "./vllm.ts";

export interface SyncTimes {
  loadSeconds: number;
  firstTokenSeconds: number;
  /** Largest canary change against the version before, nats; null where none was compared. */
  canaryDelta: number | null;
}

export interface AdaptersOptions {
  runKey: string;
  guards: RunSpec["guards"];
  signal: AbortSignal;
  log: RunLog;
}

/**
 * The run's adapters on the inference server. A version is loaded under its own name from its own folder, once: a name
 * that is used again serves stale prefix-cache entries, and load_inplace re-reads the file at every step afterwards.
 * A version is unloaded when a newer one serves and nothing uses it any more.
 */
export class Adapters {
  readonly #vllm: Vllm;
  readonly #trainer: Trainer;
  readonly #canary: Canary;
  readonly #options: AdaptersOptions;
  /** What must be loaded now, with its canary scores once they are known: the serving version, the next one while it is loaded, and a retired one in use. */
  readonly #wanted = new Map<string, { adapter: Adapter; scores: number[] | null }>();
  readonly #inFlight = new Map<string, number>();
  /** Versions that are unloaded when their use ends. */
  readonly #retired = new Set<string>();
  #current: Adapter | null = null;
  #recovery: Promise<void> | null = null;
  #proof: Promise<void> = Promise.resolve();

  constructor(vllm: Vllm, trainer: Trainer, options: AdaptersOptions) {
    this.#vllm = vllm;
    this.#trainer = trainer;
    this.#canary = new Canary(vllm);
    this.#options = options;
  }

  /** The version that serves. */
  get current(): Adapter {
    if (this.#current) return this.#current;
    throw new Error("no adapter is loaded yet");
  }

  /**
   * Resolves when the version that serves is known to be the one that the trainer wrote: vLLM's score of the canary is the
   * trainer's own, within the mismatch gate. Episodes may begin before; nothing that they yield may be counted before.
   */
  proven(): Promise<void> {
    return this.#proof;
  }

  /**
   * Loads the version that a run begins or goes on with, unloads what an earlier pod left, and proves it. Version 0 has no
   * effect, so for it this compares the base models. (The server's base itself isn't asked: on CPU, vLLM may answer a base
   * request with an adapter of the same batch.)
   *
   * `sampler`: an older version, which the next iteration is played under; it is loaded and proven likewise, and unloaded after its use.
   */
  async begin(adapter: Adapter, sampler: Adapter | null = null): Promise<SyncTimes> {
    const own = new RegExp(`^${this.#options.runKey}-v\\d+$`);
    const served = await this.#retried(() => this.#vllm.models(this.#options.signal));
    const kept = new Set([adapter.name, sampler?.name]);
    for (const { id } of served) if (own.test(id) && !kept.has(id)) await this.#unload(id);
    if (sampler) await this.#loadProven(sampler);
    if (sampler) this.#retired.add(sampler.name);
    const times = await this.#loadProven(adapter);
    this.#current = adapter;
    return times;
  }

  async #loadProven(adapter: Adapter): Promise<SyncTimes> {
    this.#wanted.set(adapter.name, { adapter, scores: null });
    const loadSeconds = await seconds(() => this.#load(adapter));
    // Once untimed: a server's very first request can take many seconds, which are its own and no adapter's.
    await this.#score(adapter.name);
    let scores: number[] = [];
    const firstTokenSeconds = await seconds(async () => void (scores = await this.#score(adapter.name)));
    await this.#prove(adapter, scores);
    this.#wanted.set(adapter.name, { adapter, scores });
    return { loadSeconds, firstTokenSeconds, canaryDelta: null };
  }

  /**
   * Replaces the serving version by the next one and checks with the canary that it did. `updated`: the step changed weights.
   * The trainer's score comes later (`proven`): on a shared trainer it waits behind other runs' steps, and episodes needn't.
   */
  async advance(next: Adapter, updated: boolean): Promise<SyncTimes> {
    const previous = this.current;
    const stored = this.#wanted.get(previous.name)!.scores!;
    const before = await this.#score(previous.name);
    this.#wanted.set(next.name, { adapter: next, scores: null });
    const loadSeconds = await seconds(() => this.#load(next));
    let after: number[] = [];
    const firstTokenSeconds = await seconds(async () => void (after = await this.#score(next.name)));
    const reading = {
      updated,
      largest: largestChange(after, before),
      mean: meanChange(after, before),
      noise: largestChange(before, stored),
    };
    const fault = canaryFault(reading, this.#options.guards.maxLogprobDelta);
    if (fault !== null) throw new RunFailure(`${next.name}: ${fault}`, IDENTITY_REMEDY);
    this.#proof = this.#prove(next, after);
    // Whoever awaits the proof gets its failure; until then nobody does, and that must not end the process.
    this.#proof.catch(() => undefined);
    this.#wanted.set(next.name, { adapter: next, scores: after });
    this.#current = next;
    await this.#retire(previous.name);
    return { loadSeconds, firstTokenSeconds, canaryDelta: reading.largest };
  }

  /** Runs work whose requests name an adapter; the adapter stays loaded until it ends, and comes back if the server loses it. */
  async use<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#inFlight.set(name, (this.#inFlight.get(name) ?? 0) + 1);
    try {
      return await work();
    } finally {
      this.#inFlight.set(name, this.#inFlight.get(name)! - 1);
      if (this.#retired.has(name)) await this.#retire(name);
    }
  }

  /** After a failed request: waits for the server and loads again what it has lost. Shared by all who call it meanwhile. */
  recover(): Promise<void> {
    this.#recovery ??= this.#recover().finally(() => (this.#recovery = null));
    return this.#recovery;
  }

  /** Unloads everything of the run that is still loaded. */
  async end(): Promise<void> {
    const names = [...this.#wanted.keys()];
    this.#wanted.clear();
    this.#retired.clear();
    this.#current = null;
    for (const name of names) await this.#unload(name);
  }

  /** Throws unless the trainer gives the canary the scores that the server gave it. */
  async #prove({ name, version }: Adapter, scores: number[]): Promise<void> {
    const { prompts, token } = this.#canary.question;
    const { signal, guards } = this.#options;
    const own = await withRetries(() => this.#trainer.score(version, prompts, token, signal), {
      retries: guards.maxRetries,
      signal,
      before: () => this.#trainerIsReady(),
    });
    const delta = meanChange(scores, own);
    if (delta <= guards.maxLogprobDelta) return;
    throw new RunFailure(
      `vLLM and the trainer differ by ${delta.toPrecision(3)} nats a token on the same text under ${name}`,
      "give both the same base model and dtype; if they have it, the adapter isn't applied, or another one is: restart " +
        "vLLM, check that nothing else loads adapters into it, and start a new attempt",
    );
  }

  async #retire(name: string): Promise<void> {
    this.#retired.add(name);
    if ((this.#inFlight.get(name) ?? 0) > 0) return;
    for (const known of [this.#wanted, this.#inFlight, this.#retired]) known.delete(name);
    await this.#unload(name);
  }

  async #unload(name: string): Promise<void> {
    try {
      await this.#vllm.unloadAdapter(name, this.#options.signal);
    } catch (error) {
      // A server that has been restarted has no old versions; one that doesn't answer shows at the next request.
      if (this.#options.signal.aborted || !(isPassing(error) || (error instanceof HttpError && error.status === 404)))
        throw error;
    }
  }

  /** A load needs both services: the server reads what the trainer has vouched for. */
  #load(adapter: Adapter): Promise<void> {
    return this.#retried(() => loadAdapter(this.#vllm, this.#trainer, adapter, this.#options.signal), () => this.#trainerIsReady());
  }

  /** Scores the canary; a server that lost the adapter gets it back first. */
  #score(name: string): Promise<number[]> {
    return withRetries(() => this.#canary.score(name, this.#options.signal), {
      retries: this.#options.guards.maxRetries,
      signal: this.#options.signal,
      passing: (error) => isPassing(error) || (error instanceof HttpError && error.status === 404),
      before: () => this.recover(),
    });
  }

  async #recover(): Promise<void> {
    const { signal, log, guards } = this.#options;
    await waitFor("vLLM", (s) => this.#vllm.health(s), { signal, log });
    const served = new Set((await this.#retried(() => this.#vllm.models(signal))).map((model) => model.id));
    for (const { adapter, scores } of this.#wanted.values()) {
      if (served.has(adapter.name)) continue;
      await log.warn(`vLLM has lost ${adapter.name}; loading it again`);
      await this.#load(adapter);
      if (scores === null) continue;
      const delta = meanChange(await this.#retried(() => this.#canary.score(adapter.name, signal)), scores);
      if (!(delta <= guards.maxLogprobDelta)) {
        throw new RunFailure(
          `${adapter.name} scores the canary ${delta.toPrecision(3)} nats a token off since it was loaded again`,
          IDENTITY_REMEDY,
        );
      }
    }
  }

  /** Waits for vLLM before each retry, and for what `also` waits for. */
  #retried<T>(attempt: () => Promise<T>, also?: () => Promise<void>): Promise<T> {
    const { signal, log, guards } = this.#options;
    const before = async () => {
      await waitFor("vLLM", (s) => this.#vllm.health(s), { signal, log });
      await also?.();
    };
    return withRetries(attempt, { retries: guards.maxRetries, signal, before });
  }

  #trainerIsReady(): Promise<void> {
    const { signal, log } = this.#options;
    return waitFor("the trainer", (s) => this.#trainer.ready(s), { signal, log });
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}
