import { describe, expect, test } from "vitest";
import { advantages, type RewardedEpisode } from "./advantage.ts";

/** One group, rewards a decision. */
const group = (...rewards: number[][]): RewardedEpisode[] => rewards.map((row) => ({ group: "g", rewards: row }));
const round = (rows: number[][]) => rows.map((row) => row.map((value) => Number(value.toFixed(4))));

describe("outcome", () => {
  test("worked example: returns 0, 0, 0, 2 have mean 0.5 and σ 0.8660", () => {
    const result = advantages(group([0, 0], [0, 0], [0, 0], [0, 2]), false);
    // (0 - 0.5) / 0.8660 = -0.5774 and (2 - 0.5) / 0.8660 = 1.7321, for every decision alike.
    expect(round(result)).toEqual([
      [-0.5774, -0.5774],
      [-0.5774, -0.5774],
      [-0.5774, -0.5774],
      [1.7321, 1.7321],
    ]);
  });

  test("groups are normalised apart: a good world gives no credit for its goodness", () => {
    const easy = group([5], [7]);
    const hard = group([0], [2]).map((episode) => ({ ...episode, group: "hard" }));
    expect(round(advantages([...easy, ...hard], false))).toEqual([[-1], [1], [-1], [1]]);
  });
});

describe("stepwise", () => {
  test("worked example: the decision that unlocked and those before it are praised, those after it are not judged", () => {
    // Rewards-to-go: [1, 1, 0] and [0, 0, 0]; baselines 0.5, 0.5, 0; differences ±0.5, ±0.5, 0; σ² = 4 × 0.25 / 6.
    const result = advantages(group([0, 1, 0], [0, 0, 0]), true);
    expect(round(result)).toEqual([
      [1.2247, 1.2247, 0],
      [-1.2247, -1.2247, 0],
    ]);
  });

  test("the same sum at another time gets other credit than under outcome", () => {
    // Both episodes return 1, so outcome can't tell them apart; stepwise sees who still had it to come at the second decision.
    const episodes = group([1, 0], [0, 1]);
    expect(advantages(episodes, false)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    // Rewards-to-go [1, 0] and [1, 1]: equal at the first decision, ±0.5 at the second; σ² = 2 × 0.25 / 4.
    expect(round(advantages(episodes, true))).toEqual([
      [0, -1.4142],
      [0, 1.4142],
    ]);
  });

  test("episodes of unequal length are compared where both have a decision", () => {
    const result = advantages(group([0, 0, 3], [1]), true);
    // Rewards-to-go [3, 3, 3] and [1]; only the first decision has a company: ±1; σ² = 2 × 1 / 4.
    expect(round(result)).toEqual([[1.4142, 0, 0], [-1.4142]]);
  });
});

describe.each([false, true])("properties, stepwise %s", (stepwise) => {
  const cases = Array.from({ length: 50 }, (_, seed) =>
    Array.from({ length: 8 }, (_, episode): RewardedEpisode => ({
      group: `g${episode % 2}`,
      rewards: Array.from({ length: 10 }, (_, t) => ((seed * 31 + episode * 17 + t * 7) % 11 === 0 ? 1 : 0)),
    })),
  );

  test("shape of the episodes, no NaN, sum 0 and mean square 1 in each group that has a spread", () => {
    for (const episodes of cases) {
      const result = advantages(episodes, stepwise);
      expect(result.map((row) => row.length)).toEqual(episodes.map(({ rewards }) => rewards.length));
      for (const name of ["g0", "g1"]) {
        const values = result.filter((_, index) => episodes[index]!.group === name).flat();
        const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
        expect(square === 0 || Math.abs(square - 1) < 1e-9).toBe(true);
      }
    }
  });

  test("the scale and the offset of a reward don't matter", () => {
    for (const episodes of cases) {
      const other = episodes.map((episode) => ({
        ...episode,
        rewards: episode.rewards.map((reward) => 3 * reward + 0.25),
      }));
      const [a, b] = [advantages(episodes, stepwise), advantages(other, stepwise)];
      a.flat().forEach((value, index) => expect(b.flat()[index]).toBeCloseTo(value, 9));
    }
  });

  test("equal episodes have advantage 0 each, also where rounding leaves a spread", () => {
    const episodes = group(...Array.from({ length: 4 }, () => [0.1, 0.2, 0.3]));
    expect(advantages(episodes, stepwise).flat()).toEqual(Array(12).fill(0));
    const rounded = advantages(group([0.1, 0.2], [0.30000000000000004, 0]), false);
    expect(rounded.flat()).toEqual([0, 0, 0, 0]);
  });
});
