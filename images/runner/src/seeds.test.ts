import { expect, test } from "vitest";
import { baselineSeed, deriveSeed, evaluationSeed, samplerSeed, worldSeed } from "./seeds.ts";

test("seeds are non-negative 31-bit integers and stay what they are", () => {
  // Fixed values: another hash would silently change every recorded world.
  expect([worldSeed(7, 1, 0), samplerSeed(7, 1, 0, 0), evaluationSeed(7, 3), baselineSeed(3)]).toEqual([
    deriveSeed("world", 7, 1, 0),
    deriveSeed("sampler", 7, 1, 0, 0),
    deriveSeed("evaluation", 7, 3),
    deriveSeed("baseline", 3),
  ]);
  expect(deriveSeed("world", 7, 1, 0)).toBe(1933658318);
  for (let index = 0; index < 1000; index++) {
    const seed = worldSeed(index, index, index);
    expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31).toBe(true);
  }
});

test("a group shares a world; its episodes, other groups and other iterations share nothing", () => {
  const seen = new Set<number>();
  for (let iteration = 1; iteration <= 20; iteration++) {
    for (let group = 0; group < 8; group++) {
      seen.add(worldSeed(7, iteration, group));
      for (let episode = 0; episode < 8; episode++) seen.add(samplerSeed(7, iteration, group, episode));
    }
  }
  expect(seen.size).toBe(20 * 8 * 9);
});

test("numbers can't run into each other", () => {
  expect(worldSeed(1, 11, 1)).not.toBe(worldSeed(11, 1, 1));
  expect(deriveSeed("a", 1)).not.toBe(deriveSeed("a1"));
});
