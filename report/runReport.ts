import type { EpisodeRecord, RunEvent } from "../images/runner/src/events.ts";
import { lastOfIteration, ofType, orderEvents } from "./eventOrder.ts";
import { mean, percentile } from "./percentile.ts";
import type { Evaluation, KeptAdapter, RunReport } from "./schema.ts";

/** Sum of `seconds` over events. */
const total = (events: readonly { seconds: number }[]) => events.reduce((sum, event) => sum + event.seconds, 0);

/** In how many of the episodes each achievement was unlocked. */
export function achievementCounts(episodes: readonly EpisodeRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of episodes.flatMap((episode) => [...new Set(episode.achievements)])) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/**
 * What one run's events amount to. `collected` are the events in the order in which they were collected; `name` names a
 * run that said nothing at all, so that it stands in the report as incomplete and is not just missing. `jobFailure` is
 * the cluster's reason for a Job that failed; it makes the run failed whatever its runner said last. `adapter` is the one
 * that was collected with it.
 */
export function runReport(name: string, collected: readonly RunEvent[], jobFailure?: string, adapter: KeptAdapter | null = null): RunReport {
  const events = orderEvents(collected);
  const started = ofType(events, "run.started")[0];
  const finished = ofType(events, "run.finished").at(-1);
  const failed = ofType(events, "run.failed").at(-1);
  const rollouts = lastOfIteration(ofType(events, "rollout.finished"));
  const steps = lastOfIteration(ofType(events, "step.finished"));
  const syncs = lastOfIteration(ofType(events, "sync.finished"));
  const evaluations = lastOfIteration(ofType(events, "evaluation.finished"));
  const syncSeconds = syncs.map((sync) => sync.saveSeconds + sync.loadSeconds + sync.firstTokenSeconds);
  const episodes = rollouts.flatMap((rollout) => rollout.episodes);
  // A failure after the end of an earlier attempt counts: the newest of the two events is the state.
  const ended = [finished, failed].filter((event) => event !== undefined).sort((a, b) => a.seq - b.seq).at(-1);
  // The summary covers the whole run, also where a killed pod's log is lost; the events stand in while there is none.
  const decisions = rollouts.map((rollout) => rollout.decisions);
  const sum = (key: "total" | "dropped" | "invalidActions") => decisions.reduce((total, each) => total + each[key], 0);
  const failure = ended?.type === "run.failed" ? { reason: ended.reason, remedy: ended.remedy }
    : jobFailure === undefined ? null
      : { reason: `Its Job failed (${jobFailure}) and its runner did not say why`, remedy: "read the run's log.txt and the pod's state" };

  return {
    name,
    config: started?.config ?? "",
    configSha256: started?.configSha256 ?? "",
    strategy: started?.strategy ?? "",
    seed: started?.seed ?? 0,
    state: failure !== null ? "failed" : ended === undefined ? "incomplete" : "finished",
    failure,
    warnings: [...ofType(events, "run.warning").map((event) => event.message), ...adapterWarnings(adapter, events)],
    iterations: finished?.iterations ?? steps.length,
    iterationsWithoutUpdate: finished?.iterationsWithoutUpdate ?? steps.filter((step) => step.noUpdate).length,
    batchRewards: finished?.batchRewards ?? rollouts.map((rollout) => rollout.meanReward),
    outcomeReward: finished?.outcomeReward ?? mean(episodes.map((episode) => episode.unlocks)),
    resourceReward: finished?.resourceReward ?? mean(episodes.map((episode) => episode.resourceReward)),
    uniqueAchievementsTotal: finished?.uniqueAchievementsTotal ?? (episodes.length === 0 ? null : new Set(episodes.flatMap((episode) => episode.achievements)).size),
    evaluation: evaluations.map((event): Evaluation => ({
      iteration: event.iteration,
      episodes: event.episodes.length,
      unlocksPerEpisode: event.unlocksPerEpisode,
      interval: event.interval,
      intervalMethod: event.intervalMethod,
      achievements: achievementCounts(event.episodes),
      worlds: event.episodes.map(({ envSeed, unlocks, trajectoryHash }) => ({ seed: envSeed, unlocks, trajectoryHash })),
    })),
    adapterVersions: finished?.adapterVersions ?? syncs.map((sync) => sync.adapter.name),
    adapterSyncSeconds: finished?.adapterSyncSeconds ?? (syncSeconds.length === 0 ? null : { p50: percentile(syncSeconds, 0.5), p95: percentile(syncSeconds, 0.95) }),
    decisions: {
      total: finished?.decisions.total ?? sum("total"),
      dropped: finished?.decisions.dropped ?? sum("dropped"),
      invalidActions: finished?.decisions.invalidActions ?? sum("invalidActions"),
    },
    mismatchKl: finished?.mismatchKl ?? mean(steps.map((step) => step.mismatch.kl)),
    mismatchMaxMeanDelta: steps.length === 0 ? null : Math.max(...steps.map((step) => step.mismatch.meanAbsLogprobDelta)),
    mismatchSteps: steps.map(({ iteration, mismatch: { kl, meanRatio, meanAbsLogprobDelta }, clippedShare, staleness, offPolicy }) =>
      ({ iteration, kl, meanRatio, meanAbsLogprobDelta, clippedShare, staleness, offPolicyDelta: offPolicy?.meanAbsLogprobDelta ?? null })),
    trajectoryHash: finished?.trajectoryHash ?? null,
    adapter,
    seconds: { rollout: total(rollouts), step: total(steps), sync: syncSeconds.reduce((sum, value) => sum + value, 0), evaluation: total(evaluations) },
  };
}

/** A collected adapter must be the one that the run has trained and vLLM has served. */
function adapterWarnings(adapter: KeptAdapter | null, events: readonly RunEvent[]): string[] {
  const known = ofType(events, "step.finished").findLast((step) => step.adapter.version === adapter?.version)?.adapter.digest;
  if (adapter === null || known === undefined || known === adapter.digest) return [];
  return [`the collected adapter ${adapter.path} has the digest ${adapter.digest}, and the run trained ${known}: it was changed`];
}
