import { setTimeout as sleep } from "node:timers/promises";

/** What a probe finds, once it finds it. Throws after the limit. */
export async function until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined, seconds = 300): Promise<T> {
  for (const limit = Date.now() + seconds * 1000; Date.now() < limit; await sleep(20)) {
    const found = await probe();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}
