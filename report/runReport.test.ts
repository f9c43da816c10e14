import { describe, expect, test } from "vitest";
import { runEvent } from "../images/runner/src/events.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { runReport } from "./runReport.ts";

const events = fakeEvents({ name: "outcome", iterations: 2, rewards: [0, 0.5], before: [0, 1, 0, 1], after: [1, 2, 3, 2] });

describe("runReport", () => {
  test("the fixture is made of valid events", () => {
    for (const event of events) expect(runEvent.parse(event)).toEqual(event);
  });

  test("reads rewards, evaluations, syncs and decisions off the events", () => {
    const run = runReport("outcome", events);
    expect(run).toMatchObject({
      state: "finished", iterations: 2, iterationsWithoutUpdate: 1, batchRewards: [0, 0.5], decisions: { total: 20, dropped: 2, invalidActions: 4 },
      adapterVersions: ["outcome-v0", "outcome-v1", "outcome-v2"], mismatchMaxMeanDelta: 2e-6,
    });
    expect(run.adapterSyncSeconds!.p50).toBeCloseTo(0.1);
    expect(run.evaluation.map(({ iteration, episodes, unlocksPerEpisode }) => ({ iteration, episodes, unlocksPerEpisode })))
      .toEqual([{ iteration: 0, episodes: 4, unlocksPerEpisode: 0.5 }, { iteration: 2, episodes: 4, unlocksPerEpisode: 2 }]);
    expect(run.evaluation[1]!.achievements).toEqual({ collect_wood: 4, collect_sapling: 3, wake_up: 1 });
  });

  test("what a killed runner did beyond its last checkpoint is void: the later pod's events replace it", () => {
    const cut = events.findIndex((event) => event.type === "rollout.finished" && event.iteration === 2);
    const repeated = events.slice(cut).map((event) => (event.type === "rollout.finished" ? { ...event, meanReward: 0.75 } : event)).slice(0, -1);
    const run = runReport("outcome", [...events.slice(0, cut + 2), ...repeated]);
    expect(run.batchRewards).toEqual([0, 0.75]);
    expect(run.decisions.total).toBe(20);
    expect(run.adapterVersions).toEqual(["outcome-v0", "outcome-v1", "outcome-v2"]);
  });

  test("a Job that the cluster failed is a failed run, even when its runner said nothing", () => {
    expect(runReport("outcome", events.slice(0, 6), "DeadlineExceeded")).toMatchObject({ state: "failed", failure: { reason: expect.stringContaining("DeadlineExceeded") } });
  });

  test("events that stop without an end are incomplete, and a run without events still has a row", () => {
    expect(runReport("outcome", events.slice(0, 6)).state).toBe("incomplete");
    expect(runReport("silent", [])).toMatchObject({ name: "silent", state: "incomplete", iterations: 0, adapterSyncSeconds: null });
  });

  test("a failure carries its reason and remedy", () => {
    const failed = { v: 1 as const, run: "outcome", seq: 99, time: "2026-01-01T00:00:00Z", type: "run.failed" as const, iteration: 1, reason: "the adapter directory vanished.", remedy: "Look at the node.", batchRewards: [] };
    expect(runReport("outcome", [...events.slice(0, 6), failed])).toMatchObject({ state: "failed", failure: { reason: "the adapter directory vanished." } });
  });
});
