import { newTally, type Tally } from "./tally.ts";

/** How far a run has come; the loop keeps it, and whoever reports the run's failure reads it. */
export interface Standing {
  /** Has run.started been written? */
  started: boolean;
  iteration: number;
  tally: Tally;
}

export function newStanding(): Standing {
  return { started: false, iteration: 0, tally: newTally(new Date()) };
}
