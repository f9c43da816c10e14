import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { EpisodeRecord } from "./events.ts";
import { addRollouts, addStep, addSync, newTally, summary, tally } from "./tally.ts";

const record = (change: Partial<EpisodeRecord>): EpisodeRecord => ({
  id: "e",
  group: "g",
  envSeed: 1,
  return: 0,
  unlocks: 0,
  achievements: [],
  resourceReward: 0,
  decisions: 2,
  dropped: 0,
  invalidActions: 0,
  actions: [],
  trajectoryHash: "h",
  ...change,
});
const counts = { total: 4, dropped: 1, invalidActions: 2, invalidDecisions: 3 };

function sample() {
  let state = addSync(newTally(new Date(0)), "r-v0", 0.4);
  state = addRollouts(
    state,
    [
      record({ return: 1, unlocks: 2, achievements: ["b", "a"], resourceReward: 0.5, trajectoryHash: "x" }),
      record({ trajectoryHash: "y" }),
    ],
    counts,
  );
  state = addSync(addStep(state, { kl: 0.1, updated: true, foreign: 1 }), "r-v1", 0.2);
  state = addRollouts(
    state,
    [record({ return: 3, unlocks: 2, achievements: ["a"], trajectoryHash: "z" }), record({ trajectoryHash: "w" })],
    counts,
  );
  return addSync(addStep(state, { kl: 0.3, updated: false, foreign: 0 }), "r-v2", 0.3);
}

test("the summary of a small run, worked by hand", () => {
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const chain = ["x", "y", "z", "w"].reduce((hash, next) => sha(hash + next), "");
  const { adapterSyncSeconds, mismatchKl, ...rest } = summary(sample(), new Date(90_000));
  expect(rest).toEqual({
    iterations: 2,
    batchRewards: [0.5, 1.5],
    outcomeReward: 1,
    resourceReward: 0.125,
    uniqueAchievementsTotal: 2,
    adapterVersions: ["r-v0", "r-v1", "r-v2"],
    decisions: { total: 8, dropped: 3, invalidActions: 4, invalidDecisions: 6 },
    iterationsWithoutUpdate: 1,
    trajectoryHash: chain,
    seconds: 90,
  });
  expect(adapterSyncSeconds.p50).toBeCloseTo(0.3);
  expect(adapterSyncSeconds.p95).toBeCloseTo(0.39);
  expect(mismatchKl).toBeCloseTo(0.2);
});

test("a tally survives the cursor unchanged", () => {
  expect(tally.parse(JSON.parse(JSON.stringify(sample())))).toEqual(sample());
});

test("adding changes no earlier tally: a step that is posted again carries what it carried", () => {
  const before = newTally(new Date(0));
  const copy = structuredClone(before);
  addRollouts(before, [record({ achievements: ["a"] })], counts);
  addStep(before, { kl: 1, updated: false, foreign: 0 });
  addSync(before, "r-v0", 1);
  expect(before).toEqual(copy);
});

test("a run without an iteration has no summary", () => {
  expect(() => summary(newTally(new Date(0)), new Date(1))).toThrow(RangeError);
});
