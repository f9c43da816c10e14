import { RunFailure } from "./failure.ts";
import type { Vllm } from "./vllm.ts";

/** A fixed text in the environment's words, a few dozen tokens. */
export const CANARY_TEXT =
  "Crafter. The player faces a tree on the grass, with water to the left and stone to the right. " +
  "Inventory: sapling:1, wood:3. Achievements: collect_wood, place_table. " +
  "Choose your next actions: move_left, do, place_stone, make_wood_pickaxe, sleep.";

/** The places of the text at which the model is asked: enough that a real update moves some of them. */
const PLACES = 16;

/** The canary: after each of some beginnings of a fixed text, how probable is one fixed token? */
export interface CanaryQuestion {
  prompts: number[][];
  token: number;
}

/**
 * PLACES beginnings of the text, evenly spread, and its most frequent token: one that isn't far-fetched anywhere, because
 * half-precision numerics spread the log-probabilities of unlikely tokens most.
 */
export function canaryQuestion(tokenIds: readonly number[]): CanaryQuestion {
  const places = Math.min(PLACES, tokenIds.length - 1);
  const ends = Array.from({ length: places }, (_, place) =>
    Math.ceil(((place + 1) * (tokenIds.length - 1)) / places),
  );
  const counts = Map.groupBy(tokenIds, (id) => id);
  const [token] = [...counts].reduce((best, next) => (next[1].length > best[1].length ? next : best));
  return { prompts: ends.map((end) => tokenIds.slice(0, end)), token };
}

/** Asks the canary's question of adapters, always the same. */
export class Canary {
  readonly #vllm: Vllm;
  #question: CanaryQuestion | null = null;

  constructor(vllm: Vllm) {
    this.#vllm = vllm;
  }

  /** Known after the first score. */
  get question(): CanaryQuestion {
    if (this.#question === null) throw new Error("the canary has no question before its first score");
    return this.#question;
  }

  /** log p(token), nats, at each of the canary's places under `model`. Throws a RunFailure if another model answered. */
  async score(model: string, signal: AbortSignal): Promise<number[]> {
    if (this.#question === null) {
      const tokenIds = await this.#vllm.tokenIds(model, CANARY_TEXT, signal);
      if (tokenIds.length < 2) throw new RunFailure("vLLM gave no token ids for the canary", SERVER_REMEDY);
      this.#question = canaryQuestion(tokenIds);
    }
    const { prompts, token } = this.#question;
    const { servedModel, logprobs } = await this.#vllm.score(model, prompts, token, signal);
    if (servedModel !== model)
      throw new RunFailure(`vLLM answered for ${model} with ${servedModel}`, IDENTITY_REMEDY);
    if (logprobs.length !== prompts.length || !logprobs.every(Number.isFinite)) {
      throw new RunFailure("vLLM gave no log-probabilities for the canary", SERVER_REMEDY);
    }
    return logprobs;
  }
}

const SERVER_REMEDY = "use a vLLM that answers allowed_token_ids, logprobs and return_token_ids";

export const IDENTITY_REMEDY =
  "the server does not serve the adapter that it was given: restart vLLM, check that nothing else loads adapters into it, " +
  "and start a new attempt";

/** Largest |difference| of two scores of the canary, nats. */
export function largestChange(a: readonly number[], b: readonly number[]): number {
  return Math.max(...differences(a, b));
}

/** Mean |difference| of two scores of the canary, nats a place. */
export function meanChange(a: readonly number[], b: readonly number[]): number {
  return differences(a, b).reduce((sum, value) => sum + value, 0) / a.length;
}

function differences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length)
    throw new RunFailure("the canary has another number of places than before", IDENTITY_REMEDY);
  return a.map((value, index) => Math.abs(value - b[index]!));
}

/** Nats below which a change is never called one, however quiet the server: the rounding of a printed float32. */
const NOISE_FLOOR = 1e-6;
/** Nats above which every change counts as one: a real update may be this small, and must not end a run. */
const NOISE_CEILING = 1e-4;

export interface CanaryReading {
  /** Did the step change the weights? */
  updated: boolean;
  /** Largest change against the version before, nats. */
  largest: number;
  /** Mean change against the version before, nats a token. */
  mean: number;
  /** Largest change between two scores of the version before: what numerics alone do. */
  noise: number;
}

/**
 * Why a newly loaded version can't be the one that the trainer wrote, or null.
 *
 * After an update the canary must move by more than numerics alone move it: a server that goes on with the version before
 * (a load that had no effect, a stale cache) fails here. The noise is measured at each sync; where it is large (bf16 under
 * load) the test can't see a missing update, and the mismatch gate of the next step is what remains. After a step without
 * an update the canary must stay within `maxLogprobDelta`.
 */
export function canaryFault(
  { updated, largest, mean, noise }: CanaryReading,
  maxLogprobDelta: number,
): string | null {
  if (updated && largest <= Math.min(4 * noise + NOISE_FLOOR, NOISE_CEILING)) {
    return `the canary did not move after an update (largest change ${largest} nats): vLLM still serves the old weights`;
  }
  if (!updated && mean > maxLogprobDelta) {
    return `the canary moved by ${mean} nats a token though the step changed no weights: vLLM serves other weights`;
  }
  return null;
}
