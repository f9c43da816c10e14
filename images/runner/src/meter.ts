import { RunFailure } from "./failure.ts";
import type { RunBudget } from "./runBudget.ts";

/** Kept free for what no measurement shows before: the pod's own start, and the words at the end. */
const RESERVE_SECONDS = 30;

/**
 * Stops a run before its deadline does. A Job that is killed at its deadline has no last evaluation and no words about its
 * end; so a run ends itself while there is still time to measure what it has learned.
 */
export class Meter {
  readonly #read: () => RunBudget | null;
  readonly #longest = { iteration: 0, evaluation: 0 };
  /** Start of this process, milliseconds: the run's clock, where it is the first of its pods. */
  readonly #began = Date.now() - process.uptime() * 1000;

  /** @param read the budget as it is now; null for none */
  constructor(read: () => RunBudget | null) {
    this.#read = read;
  }

  /** Does a piece of work and remembers the longest of its kind, which the next one is expected to take. */
  async time<T>(kind: "iteration" | "evaluation", work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const result = await work();
    this.#longest[kind] = Math.max(this.#longest[kind], (performance.now() - begin) / 1000);
    return result;
  }

  /**
   * Why the run must stop after so many iterations; null while there is time for another one and the evaluation after it.
   *
   * @param startedAt when the run's first pod began it
   */
  spent(startedAt: string, done: number, iterations: number): RunFailure | null {
    const budget = this.#read();
    if (budget === null) return null;
    const gone = (Date.now() - Math.min(Date.parse(startedAt), this.#began)) / 1000;
    const next = this.#longest.iteration + this.#longest.evaluation;
    if (gone + next + RESERVE_SECONDS <= budget.seconds) return null;
    return new RunFailure(
      `stopped by ${budget.limit} after ${done} of ${iterations} iterations: ${gone.toFixed(0)} of ${budget.seconds} s are gone, and another iteration ` +
        `with its evaluation takes ${next.toFixed(0)} s`,
      `its results up to there are in the report; for all iterations raise ${budget.limit} and the experiment's attempt, which starts it again`,
    );
  }
}
