import { describe, expect, test } from "vitest";
import { comparisons } from "./comparison.ts";
import { fakeEvents } from "./fakeEvents.ts";
import { findings } from "./findings.ts";
import { runReport } from "./runReport.ts";
import type { RunReport } from "./schema.ts";

/** 16 held-out worlds, of which the untrained model unlocks something in every fourth. */
const before = Array.from({ length: 16 }, (_, world) => (world % 4 === 0 ? 1 : 0));
const plus = (gain: (world: number) => number) => before.map((unlocks, world) => unlocks + gain(world));
const run = (name: string, after: number[], rewards = [0.1, 0.5]) =>
  runReport(name, fakeEvents({ name, iterations: 2, rewards, before, after }));
const say = (...runs: RunReport[]) => findings({ runs, comparisons: comparisons(runs), settingsDifferences: [], withoutSettings: [] });

describe("findings", () => {
  test("a run that gained on most worlds is above the untrained model, with its evidence", () => {
    const text = say(run("learned", plus((world) => (world < 12 ? 1 : 0))));
    expect(text[0]).toMatch(/^learned is above the untrained model: \+0\.75 unlocks an episode \[\+0\.50, \+0\.9\d\], paired over 16 held-out worlds \(12 better, 0 worse; p < 0\.001\)\.$/);
  });

  test("a run that lost is BELOW it", () => {
    expect(say(run("worse", before.map(() => 0), [1, 1]), run("other", before)).join("\n")).toContain("worse cannot be told from the untrained model");
    const lost = runReport("lost", fakeEvents({ name: "lost", iterations: 2, rewards: [1, 1], before: before.map(() => 2), after: before }));
    expect(say(lost)[0]).toMatch(/^lost is BELOW the untrained model/);
  });

  test("four wins and no defeat are not enough: the bootstrap leaves out 0, the exact test does not agree", () => {
    const [found] = comparisons([run("lucky", plus((world) => (world < 4 ? 1 : 0)))]);
    expect(found!.interval[0]).toBeGreaterThan(0);
    expect(found).toMatchObject({ wins: 4, losses: 0, p: 0.125, verdict: "not told apart" });
    expect(say(run("lucky", plus((world) => (world < 4 ? 1 : 0))))[0]).toMatch(/cannot be told from .* If the difference is real, about \d+ more held-out episodes a run would show it 4 times in 5\.$/);
  });

  test("where the paired difference is clear and the runs' own intervals overlap, who is ahead is said, and no ranking", () => {
    const runs = [run("low", plus((world) => world % 8)), run("high", plus((world) => (world % 8) + (world < 11 ? 1 : 0)))];
    const [low, high] = runs.map(({ evaluation }) => evaluation.at(-1)!);
    [low!.interval, high!.interval] = [[2.5, 5], [3.2, 5.5]];
    const text = say(...runs);
    expect(low!.unlocksPerEpisode).toBeLessThan(high!.unlocksPerEpisode);
    const said = text.find((each) => each.startsWith("high is ahead of low world by world, and not ranked above it"));
    expect(said).toContain("(11 better, 0 worse;");
    expect(said).toMatch(/about \d+ more held-out episodes a run would part them\.$/);
    expect(text).toContain("No ranking: the 95 % intervals of all runs overlap.");
  });

  test("runs are ranked where their own intervals are disjoint too", () => {
    const text = say(run("low", before), run("high", plus((world) => (world % 5 === 0 ? 1 : 2))));
    expect(text.find((each) => each.startsWith("high is above low: "))).toContain("(16 better, 0 worse;");
    expect(text.join()).not.toContain("No ranking");
  });

  test("runs that cannot be told apart are not ranked, and how many more episodes it takes is said", () => {
    const text = say(run("a", plus((world) => world % 2)), run("b", plus((world) => (world + 1) % 2)), run("c", plus((world) => (world === 3 ? 1 : world % 2))));
    expect(text.join("\n")).toContain("No ranking: the 95 % intervals of all runs overlap.");
    expect(text.join("\n")).not.toMatch(/is above (a|b|c):/);
    expect(text.filter((each) => /^[abc] cannot be told from [abc]:/.test(each)).length).toBe(3);
  });

  test("equal results are said to be equal, without a number of episodes that nobody can know", () => {
    const text = say(run("same", before), run("also", before)).join("\n");
    expect(text).toContain("Both played every episode the same, action by action");
    expect(text).not.toMatch(/Infinity|NaN|null/);
  });

  test("equal counts from other actions are equal counts, not one policy", () => {
    const other = run("other", before);
    other.evaluation.at(-1)!.worlds.forEach((world) => (world.trajectoryHash = "another"));
    expect(say(other)[0]).toContain("Every world came out the same on both sides");
  });

  test("a run that changed no weight says so", () => {
    expect(say(run("flat", before, [0, 0]))[0]).toContain("flat: 2 of 2 iterations changed no weight");
  });

  test("a run that did not end is never compared", () => {
    const unfinished = runReport("cut", fakeEvents({ name: "cut", iterations: 2, rewards: [1, 1], before, after: plus(() => 3) }).slice(0, -1));
    const text = say(unfinished, run("whole", before)).join("\n");
    expect(text).toContain("cut did not end");
    expect(text).toContain("No comparison of runs: 1 of 2 runs finished");
    expect(text).not.toMatch(/cut (is|cannot|and)/);
  });

  test("settings other than the reward that differ are flagged, and so is a record without settings", () => {
    const text = findings({ runs: [], comparisons: [], settingsDifferences: [{ field: "training.learningRate", values: { a: "0.001", b: "0.01" } }], withoutSettings: ["c"] });
    expect(text[0]).toContain("MORE THAN THE REWARD");
    expect(text[0]).toContain("training.learningRate (a: 0.001, b: 0.01)");
    expect(text[1]).toContain("the record of c holds no settings");
  });
});
