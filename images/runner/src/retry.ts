import { setTimeout as sleep } from "node:timers/promises";
import { HttpError, NoAnswerError } from "./http.ts";

/** Statuses that a service gives for a passing reason. 500 is one: the task app wraps a failed model call in it. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** True for a failure that may be gone at the next try. */
export function isPassing(error: unknown): boolean {
  return error instanceof NoAnswerError || (error instanceof HttpError && PASSING.has(error.status));
}

/** Seconds before the n-th retry (n from 1): 0.5, 1, 2, ... at most 15. */
export function backoffSeconds(retry: number): number {
  return Math.min(0.5 * 2 ** (retry - 1), 15);
}

export interface RetryOptions {
  /** Retries after the first try. */
  retries: number;
  signal: AbortSignal;
  /** Which failures are worth another try; isPassing unless given. */
  passing?: (error: unknown) => boolean;
  /** Called before each retry, which waits for it: brings back whatever the failure may have taken away. */
  before?: (error: unknown, retry: number) => Promise<void>;
}

/** Tries until it succeeds, fails for good, or the retries are used up; then throws the last error. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, signal, passing = isPassing, before }: RetryOptions,
): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !passing(error) || retry > retries) throw error;
      await sleep(backoffSeconds(retry) * 1000, undefined, { signal });
      await before?.(error, retry);
    }
  }
}
