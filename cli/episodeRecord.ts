import type { EpisodeRecord, RunEvent } from "../images/runner/src/events.ts";
import { chainHash } from "../images/runner/src/tally.ts";
import { nearest } from "../components/config/suggest.ts";
import { lastOfIteration, ofType, orderEvents } from "../report/eventOrder.ts";
import { UserError } from "./exit.ts";

/** All episodes of a run: random policy, evaluations, training. What a killed pod repeated is there once. */
function episodesOf(events: readonly RunEvent[]): EpisodeRecord[] {
  return orderEvents(events).flatMap((event) => ("episodes" in event ? event.episodes : []));
}

/**
 * The episode of a run that `wanted` names: its id, or the end of it, such as eval10-e3, i4-g0-e1 or random-e5. Throws a
 * UserError that names near ones where there is none, and for a record without actions.
 */
export function findEpisode(run: string, events: readonly RunEvent[], wanted: string): EpisodeRecord {
  const all = episodesOf(events);
  const found = all.find(({ id }) => id === wanted || id.endsWith(`-${wanted}`));
  if (found === undefined) {
    const ends = all.map(({ id }) => id.split("-").slice(id.includes("-g") ? -3 : -2).join("-"));
    const meant = nearest(wanted, ends);
    throw new UserError(`Run "${run}" has no episode "${wanted}"${meant === undefined ? "" : `; did you mean ${meant}?`} It has ${all.length}, ${ends[0] ?? "none"} to ${ends.at(-1) ?? "none"}: ids are in its events.jsonl.`);
  }
  if (found.actions.length === 0) throw new UserError(`The record of ${found.id} holds no actions, so it cannot be played again. It is of a runner that kept none; run the config again.`);
  return found;
}

/**
 * Whether the hashes of a run's training episodes are those that its last event sums up; null where they cannot be compared,
 * because the run has not ended or the log of a killed pod is lost. An episode whose actions and hash were both changed
 * replays well; this shows it, and who wants to hide it has to change the summary as well.
 */
export function chainHolds(events: readonly RunEvent[]): boolean | null {
  const ordered = orderEvents(events);
  const finished = ofType(ordered, "run.finished").at(-1);
  const rollouts = lastOfIteration(ofType(ordered, "rollout.finished"));
  if (finished === undefined || rollouts.length !== finished.iterations) return null;
  const hashes = rollouts.flatMap(({ episodes }) => episodes.map(({ trajectoryHash }) => trajectoryHash));
  return hashes.reduce(chainHash, "") === finished.trajectoryHash;
}
