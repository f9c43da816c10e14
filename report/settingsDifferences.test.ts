import { expect, test } from "vitest";
import { settingsDifferences } from "./settingsDifferences.ts";

const base = { seed: 1, training: { learningRate: 0.001 }, reward: { stepwise: false, weights: {} }, rollout: { maxConcurrent: 8 }, evaluation: { seeds: [1, 2] } };
const differences = (change: object) => settingsDifferences(new Map([["a", base], ["b", { ...base, ...change }]]));

test("another reward, and another number of episodes in flight, are what may differ", () => {
  expect(differences({ reward: { stepwise: true, weights: { collect_wood: 0.5 } }, rollout: { maxConcurrent: 2 } })).toEqual([]);
});

test("everything else is listed, with each run's value, also where a run lacks it", () => {
  expect(differences({ training: { learningRate: 0.01 }, evaluation: { seeds: [1, 3] } })).toEqual([
    { field: "evaluation.seeds", values: { a: "[1,2]", b: "[1,3]" } },
    { field: "training.learningRate", values: { a: "0.001", b: "0.01" } },
  ]);
  expect(differences({ training: {} })).toEqual([{ field: "training.learningRate", values: { a: "0.001", b: "absent" } }]);
});

test("a single run differs from nothing", () => {
  expect(settingsDifferences(new Map([["a", base]]))).toEqual([]);
});
