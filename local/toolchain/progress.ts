/** Takes one short line for the user. */
export type Progress = (message: string) => void;

const FIRST_SECONDS = 2;
const EVERY_SECONDS = 10;

/** Whole seconds since `start` (milliseconds, as `Date.now()` gives them). */
export function secondsSince(start: number): number {
  return Math.round((Date.now() - start) / 1000);
}

/** Runs `work` and, where it takes longer than two seconds, reports what `describe` says then and every ten seconds. */
export async function ticking<T>(progress: Progress, describe: () => string, work: () => Promise<T>): Promise<T> {
  let next: NodeJS.Timeout;
  const tick = (): void => {
    progress(describe());
    next = setTimeout(tick, EVERY_SECONDS * 1000);
  };
  next = setTimeout(tick, FIRST_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearTimeout(next);
  }
}
