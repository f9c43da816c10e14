import type { Phases } from "../report/schema.ts";
import type { Screen } from "./screen.ts";

export type Phase = keyof Phases;

/** Times the phases of a command and says when each begins and ends. */
export class PhaseClock {
  readonly #screen: Screen;
  readonly #seconds: Phases = {};

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Runs one phase; its time counts even when it throws. A phase that is entered twice adds up. */
  async time<T>(phase: Phase, what: string, work: () => Promise<T>): Promise<T> {
    const start = this.#screen.elapsed();
    this.#screen.line(`${phase}: ${what}`);
    try {
      return await work();
    } finally {
      const seconds = this.#screen.elapsed() - start;
      this.#seconds[phase] = (this.#seconds[phase] ?? 0) + seconds;
      this.#screen.line(`${phase}: ${seconds.toFixed(1)} s`);
    }
  }

  get seconds(): Phases {
    return { ...this.#seconds };
  }
}
