import type { LocalContext } from "../context.ts";

/** Runs phases, says when each begins and ends, and keeps how long each took. */
export class Phases {
  /** Seconds by phase. */
  readonly seconds: Record<string, number> = {};
  private readonly ctx: LocalContext;

  constructor(ctx: LocalContext) {
    this.ctx = ctx;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.ctx.signal.throwIfAborted();
    const start = Date.now();
    const result = await work();
    const seconds = (Date.now() - start) / 1000;
    this.seconds[name] = seconds;
    if (seconds >= 0.5) this.ctx.progress(`${name} ready (${seconds.toFixed(1)} s)`);
    return result;
  }
}

/** Like `Promise.all`, but settles only when all have: nothing goes on behind the caller's back after a failure. */
export async function together<T extends unknown[]>(...work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return Promise.all(work) as Promise<T>;
}
