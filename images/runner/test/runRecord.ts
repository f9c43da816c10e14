import type { EpisodeRecord, RunEvent } from "../src/events.ts";
import { ofType } from "./fakeStack.ts";

/** What of a finished run must not depend on faults: what was played, from which version, with which result. */
export function runRecord(events: readonly RunEvent[]) {
  // The ids begin with the run's own name.
  const played = (of: { episodes: EpisodeRecord[] }) => of.episodes.map(({ id: _, ...episode }) => episode);
  const { seconds: _, adapterSyncSeconds: __, ...summary } = ofType(events, "run.finished")[0]!;
  return {
    baseline: ofType(events, "baseline.finished").map(played),
    rollouts: ofType(events, "rollout.finished").map((event) => [event.iteration, played(event)]),
    samplers: ofType(events, "rollout.finished").map(({ adapter, staleness }) => [adapter.split("-v").at(-1), staleness]),
    evaluations: ofType(events, "evaluation.finished").map((event) => [event.iteration, played(event)]),
    steps: ofType(events, "step.finished").map(({ iteration, adapter, samples, foreignSamples }) => [iteration, adapter.version, samples, foreignSamples]),
    syncs: ofType(events, "sync.finished").map((event) => event.adapter.version),
    summary: { ...summary, run: "", seq: 0, time: "", adapterVersions: summary.adapterVersions.map((name) => name.split("-").at(-1)) },
  };
}
