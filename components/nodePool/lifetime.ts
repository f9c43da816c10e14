/** What a node's life follows from, in minutes. */
export interface LifeNeeds {
  /** A run that lasts longer is ended. */
  deadlineMinutes: number;
  /** Longest that a server may take to get ready. */
  readyWithinMinutes: number;
}

/** For what comes before the servers and after the runs: the node's own start, and collecting what was learned. */
export const MARGIN_MINUTES = 15;

/** What a stack's settings say of it. */
export function lifeNeedsOf(settings: {
  deadlineMinutes: number; vllm: { readyWithinMinutes: number }; trainer: { readyWithinMinutes: number };
}): LifeNeeds {
  const { deadlineMinutes, vllm, trainer } = settings;
  return { deadlineMinutes, readyWithinMinutes: Math.max(vllm.readyWithinMinutes, trainer.readyWithinMinutes) };
}

/** A node lives at least so long, or it would end under its runs. */
export const leastLifeMinutes = ({ deadlineMinutes, readyWithinMinutes }: LifeNeeds): number => deadlineMinutes + readyWithinMinutes + MARGIN_MINUTES;

/** A node is ended after so long whatever runs on it: the last line, where nothing else ended it. */
export const nodeLifeMinutes = (chosen: number | undefined, needs: LifeNeeds): number => chosen ?? leastLifeMinutes(needs);
