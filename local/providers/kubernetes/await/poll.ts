import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 200;
const LONGEST_MS = 1000;

/**
 * Calls `look` until it returns something, at intervals that grow from 0.2 s to 1 s. `look` gets the seconds waited so
 * far; its last call is after the deadline. Returns undefined when the time is up; throws what `look` throws, and an
 * error that says so when aborted.
 */
export async function poll<T>(
  timeoutSeconds: number,
  signal: AbortSignal,
  look: (waitedSeconds: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const started = performance.now();
  for (let interval = FIRST_MS; ; interval = Math.min(interval * 1.5, LONGEST_MS)) {
    const waited = (performance.now() - started) / 1000;
    const result = await look(waited);
    if (result !== undefined || waited >= timeoutSeconds) return result;
    const left = Math.max((timeoutSeconds - waited) * 1000, 1);
    await sleep(Math.min(interval, left), undefined, { signal }).catch(() => {
      throw new Cancelled();
    });
  }
}

/** The user cancelled while we waited. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled while waiting");
    this.name = "Cancelled";
  }
}
