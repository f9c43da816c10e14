import type { RunEvent } from "../images/runner/src/events.ts";

const digits = (value: number, count = 2) => value.toFixed(count);

/** One line for people about an event; null for events that are only for the record. */
export function progressLine(event: RunEvent): string | null {
  switch (event.type) {
    case "run.started":
      return event.resumedAt === null ? `started: ${event.strategy}, seed ${event.seed}, ${event.iterations} iterations` : `came back at iteration ${event.resumedAt}`;
    case "baseline.finished":
      return `random policy: ${digits(event.unlocksPerEpisode)} unlocks an episode [${digits(event.interval[0])}, ${digits(event.interval[1])}]`;
    case "evaluation.finished":
      return `held-out after ${event.iteration} iterations: ${digits(event.unlocksPerEpisode)} unlocks an episode [${digits(event.interval[0])}, ${digits(event.interval[1])}], ${event.adapter}`;
    case "rollout.finished": {
      const unlocks = event.episodes.reduce((sum, episode) => sum + episode.unlocks, 0) / Math.max(1, event.episodes.length);
      return `iteration ${event.iteration}: reward ${digits(event.meanReward)}, unlocks ${digits(unlocks)}, ${event.adapter}, ${digits(event.seconds, 1)} s` +
        (event.decisions.dropped > 0 ? `, ${event.decisions.dropped} of ${event.decisions.total} decisions dropped` : "");
    }
    case "step.finished":
      return event.noUpdate ? `iteration ${event.iteration}: no update, every advantage was zero` : null;
    case "run.warning":
      return `WARNING: ${event.message}`;
    case "run.failed":
      return `FAILED: ${event.reason}. What to do: ${event.remedy}`;
    case "run.finished":
      return `finished ${event.iterations} iterations in ${digits(event.seconds, 0)} s`;
    case "sync.finished":
      return null;
  }
}
