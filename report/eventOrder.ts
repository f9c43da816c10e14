import type { RunEvent } from "../images/runner/src/events.ts";

/**
 * Brings the events of one run, collected pod after pod, into their order. A runner that was killed continues with the
 * sequence number it last saved, so a number can come twice: the later pod's event is the one that counts.
 */
export function orderEvents(collected: readonly RunEvent[]): RunEvent[] {
  const bySeq = new Map<number, RunEvent>();
  for (const event of collected) bySeq.set(event.seq, event);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

type OfType<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** All events of one type, in order. */
export function ofType<T extends RunEvent["type"]>(events: readonly RunEvent[], type: T): OfType<T>[] {
  return events.filter((event): event is OfType<T> => event.type === type);
}

/** One event an iteration: where an iteration was repeated after a kill, its last one. */
export function lastOfIteration<E extends { iteration: number }>(events: readonly E[]): E[] {
  const byIteration = new Map<number, E>();
  for (const event of events) byIteration.set(event.iteration, event);
  return [...byIteration.values()].sort((a, b) => a.iteration - b.iteration);
}
