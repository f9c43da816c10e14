import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 200;
/** Hundreds of servers that start for minutes are asked for at once: one that has waited long can wait a thirtieth longer. */
const LONGEST_MS = { atFirst: 1000, share: 1 / 30, atLast: 10_000 };

/** Milliseconds until the next look, from those until this one: they grow from 0.2 to 1 s, and after half a minute to 10 s. Pure. */
export function nextInterval(interval: number, waitedSeconds: number): number {
  const longest = Math.min(Math.max(waitedSeconds * 1000 * LONGEST_MS.share, LONGEST_MS.atFirst), LONGEST_MS.atLast);
  return Math.min(interval * 1.5, longest);
}

/**
 * Calls `look` until it returns something, at intervals that grow (`nextInterval`). `look` gets the seconds waited so
 * far; its last call is after the deadline. Returns undefined when the time is up; throws what `look` throws, and an
 * error that says so when aborted.
 */
export async function poll<T>(
  timeoutSeconds: number,
  signal: AbortSignal,
  look: (waitedSeconds: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const started = performance.now();
  for (let interval = FIRST_MS; ;) {
    const waited = (performance.now() - started) / 1000;
    const result = await look(waited);
    if (result !== undefined || waited >= timeoutSeconds) return result;
    const left = Math.max((timeoutSeconds - waited) * 1000, 1);
    await sleep(Math.min(interval, left), undefined, { signal }).catch(() => {
      throw new Cancelled();
    });
    interval = nextInterval(interval, waited);
  }
}

/** The user cancelled while we waited. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled while waiting");
    this.name = "Cancelled";
  }
}
