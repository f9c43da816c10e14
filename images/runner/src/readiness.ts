import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, RunFailure } from "./failure.ts";
import type { RunLog } from "./runLog.ts";

/** A GPU server may have to download its model and compile before it answers; then this is not a hang. */
const LONGEST_WAIT_SECONDS = 1800;
const POLL_SECONDS = 1;
const PROGRESS_SECONDS = 10;

export interface WaitOptions {
  signal: AbortSignal;
  log: RunLog;
  /** For tests. */
  longestSeconds?: number;
}

/**
 * Polls until `check` succeeds, with a progress line every few seconds. Throws the check's ConfigError at once, and a
 * RunFailure when it takes too long.
 */
export async function waitFor(
  service: string,
  check: (signal: AbortSignal) => Promise<unknown>,
  { signal, log, longestSeconds = LONGEST_WAIT_SECONDS }: WaitOptions,
): Promise<void> {
  const begin = Date.now();
  let nextLine = PROGRESS_SECONDS;
  for (;;) {
    try {
      await check(signal);
      return;
    } catch (error) {
      if (signal.aborted || error instanceof ConfigError) throw error;
      const waited = (Date.now() - begin) / 1000;
      const why = error instanceof Error ? error.message : String(error);
      if (waited > longestSeconds) {
        const remedy = `look at the log of ${service} and at its pod's events; then start a new attempt`;
        throw new RunFailure(`${service} was not ready within ${longestSeconds} s: ${why}`, remedy, { cause: error });
      }
      if (waited >= nextLine) {
        nextLine = waited + PROGRESS_SECONDS;
        await log.info(`waiting for ${service} for ${waited.toFixed(0)} s: ${why}`);
      }
    }
    await sleep(POLL_SECONDS * 1000, undefined, { signal });
  }
}
