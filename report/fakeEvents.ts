import type { EpisodeRecord, RunEvent } from "../images/runner/src/events.ts";

/** Made-up events of a run, for tests of the report only. */
export interface FakeRun { name: string; iterations: number; rewards: number[]; before: number[]; after: number[]; settings?: Record<string, unknown>; staleness?: 0 | 1 }

/** Distributes over union members, so that the event's type and its fields still belong together. */
type Content<E> = E extends RunEvent ? Omit<E, "v" | "run" | "seq" | "time"> : never;

const episode = (id: string, unlocks: number, envSeed = 1): EpisodeRecord => ({
  id, group: "g0", envSeed, return: unlocks, unlocks, achievements: ["collect_wood", "collect_sapling", "wake_up"].slice(0, unlocks),
  resourceReward: 0.5 * unlocks, decisions: 10, dropped: 1, invalidActions: 2, actions: [["move_left", "do"]], trajectoryHash: `${unlocks}`.repeat(64),
});
const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export function fakeEvents({ name, iterations, rewards, before, after, settings, staleness = 0 }: FakeRun, halfWidth = 0.2): RunEvent[] {
  const events: RunEvent[] = [];
  const add = (content: Content<RunEvent>) => {
    const seq = events.length + 1;
    events.push({ v: 1, run: name, seq, time: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(), ...content } as RunEvent);
  };
  const adapter = (version: number) => ({ name: `${name}-v${version}`, version, digest: "sha256:00" });
  const sync = (iteration: number) => add({
    type: "sync.finished", iteration, adapter: adapter(iteration),
    saveSeconds: 0.05, loadSeconds: 0.04, firstTokenSeconds: 0.01, canaryDelta: iteration === 0 ? null : 0.1,
  });
  const evaluate = (iteration: number, unlocks: number[]) => add({
    type: "evaluation.finished", iteration, adapter: `${name}-v${iteration}`, seconds: 4, episodes: unlocks.map((u, i) => episode(`e${i}`, u, i)),
    unlocksPerEpisode: average(unlocks), interval: [average(unlocks) - halfWidth, average(unlocks) + halfWidth], intervalMethod: "made up",
  });
  add({ type: "run.started", config: `configs/${name}.toml`, configSha256: "0".repeat(64), seed: 7, attempt: 1, strategy: "outcome", iterations, model: "tiny", settings: settings ?? { training: { learningRate: 0.001 }, reward: { name } }, resumedAt: null });
  sync(0);
  add({ type: "baseline.finished", policy: "random", seconds: 1, episodes: [episode("r", 1)], unlocksPerEpisode: 0.3, interval: [0.1, 0.5], intervalMethod: "made up" });
  evaluate(0, before);
  rewards.forEach((reward, index) => {
    const iteration = index + 1;
    const behind = index === 0 ? 0 : staleness;
    add({
      type: "rollout.finished", iteration, adapter: `${name}-v${index - behind}`, staleness: behind, seconds: 3, episodes: [episode(`t${iteration}`, 1)], meanReward: reward,
      decisions: { total: 10, dropped: 1, invalidActions: 2, invalidDecisions: 0 }, tokens: { prompt: 100, completion: 10 }, retries: 0,
    });
    add({
      type: "step.finished", iteration, adapter: adapter(iteration), loss: 0.1, gradNorm: 1, noUpdate: reward === 0,
      staleness: behind, offPolicy: behind ? { meanAbsLogprobDelta: 0.02 * iteration, maxAbsLogprobDelta: 0.1, kl: 0.001, meanRatio: 1 } : null, mismatch: { meanAbsLogprobDelta: 1e-6 * iteration, maxAbsLogprobDelta: 1e-5, kl: 2e-8, meanRatio: 1 },
      clippedShare: 0, samples: 10, foreignSamples: 0, zeroAdvantageSamples: 0, tokens: { prompt: 100, completion: 10 }, seconds: 2,
    });
    sync(iteration);
  });
  evaluate(iterations, after);
  add({
    type: "run.finished", iterations, batchRewards: rewards, outcomeReward: 1, resourceReward: 0.5, uniqueAchievementsTotal: 1,
    adapterVersions: Array.from({ length: iterations + 1 }, (_, version) => `${name}-v${version}`), adapterSyncSeconds: { p50: 0.1, p95: 0.1 }, decisions: { total: 10 * iterations, dropped: iterations, invalidActions: 2 * iterations, invalidDecisions: 0 },
    mismatchKl: 2e-8, iterationsWithoutUpdate: rewards.filter((reward) => reward === 0).length, trajectoryHash: "f".repeat(64), seconds: 60,
  });
  return events;
}
