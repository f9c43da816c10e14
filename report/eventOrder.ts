import type { RunEvent } from "../images/runner/src/events.ts";

/**
 * Brings the events of one run, collected pod after pod, into one sequence. A runner that was killed continues with the
 * sequence number it last saved; so an event whose number was seen before voids that one and all that came after it:
 * what the killed pod did beyond its last checkpoint was done again.
 */
export function orderEvents(collected: readonly RunEvent[]): RunEvent[] {
  const valid: RunEvent[] = [];
  for (const event of collected) {
    while (valid.length > 0 && valid.at(-1)!.seq >= event.seq) valid.pop();
    valid.push(event);
  }
  return valid;
}

type OfType<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** All events of one type, in order. */
export function ofType<T extends RunEvent["type"]>(events: readonly RunEvent[], type: T): OfType<T>[] {
  return events.filter((event): event is OfType<T> => event.type === type);
}

/** One event an iteration: where an iteration was evaluated or loaded twice, the last one. */
export function lastOfIteration<E extends { iteration: number }>(events: readonly E[]): E[] {
  const byIteration = new Map<number, E>();
  for (const event of events) byIteration.set(event.iteration, event);
  return [...byIteration.values()].sort((a, b) => a.iteration - b.iteration);
}
