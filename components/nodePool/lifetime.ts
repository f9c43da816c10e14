/** What a node's life follows from, in minutes. */
export interface LifeNeeds {
  /** A run that lasts longer is ended. */
  deadlineMinutes: number;
  /** Longest that a server may take to get ready. */
  readyWithinMinutes: number;
  /** Pairs that take turns on it, one after the other; each starts its own servers. */
  waves: number;
}

/** For what comes before the servers and after the runs: the node's own start, and collecting what was learned. */
export const MARGIN_MINUTES = 15;

/** From the end of a pair's last run until its GPUs are the next one's; measured in docs/node-pools.md. */
export const RELEASE_MINUTES = 2;

/** What a stack's settings say of it, a single turn. */
export function lifeNeedsOf(settings: {
  deadlineMinutes: number; vllm: { readyWithinMinutes: number }; trainer: { readyWithinMinutes: number };
}): LifeNeeds {
  const { deadlineMinutes, vllm, trainer } = settings;
  return { deadlineMinutes, readyWithinMinutes: Math.max(vllm.readyWithinMinutes, trainer.readyWithinMinutes), waves: 1 };
}

/** A node lives at least so long, or it would end under its runs. */
export const leastLifeMinutes = ({ deadlineMinutes, readyWithinMinutes, waves }: LifeNeeds): number =>
  waves * (readyWithinMinutes + deadlineMinutes) + (waves - 1) * RELEASE_MINUTES + MARGIN_MINUTES;

/** The longest run, in minutes, with which a node need not live longer than so long; the inverse of the above. */
export const longestRunMinutes = (lifeMinutes: number, { readyWithinMinutes, waves }: Omit<LifeNeeds, "deadlineMinutes">): number =>
  (lifeMinutes - MARGIN_MINUTES - (waves - 1) * RELEASE_MINUTES) / waves - readyWithinMinutes;

/** A node is ended after so long whatever runs on it: the last line, where nothing else ended it. */
export const nodeLifeMinutes = (chosen: number | undefined, needs: LifeNeeds): number => chosen ?? leastLifeMinutes(needs);
