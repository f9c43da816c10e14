import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runName } from "../../images/runner/src/runSpec.ts";
import { expandExperiments } from "./expand.ts";
import { FACTOR_NAMES, factorLabel } from "./factors.ts";
import { type ExperimentEntry, experimentEntry } from "./schema.ts";

const OUTCOME = "configs/crafter_rl_outcome.toml";
const expand = (...entries: unknown[]) => expandExperiments(entries.map((entry) => experimentEntry.parse(entry)));
const names = (...entries: unknown[]) => expand(...entries).experiments.map(({ name }) => name);

describe("an entry", () => {
  it("is a path, or a table, and both mean the same", () => {
    expect(expand(OUTCOME)).toEqual(expand({ config: OUTCOME }));
    expect(expand(OUTCOME).experiments).toEqual([{ name: "crafter-rl-outcome", config: OUTCOME, attempt: 1, overrides: {}, place: "experiments.0" }]);
  });

  it("without a name shows in it what is set over the file; a given name stays as it is", () => {
    expect(names({ config: OUTCOME, overrides: { seed: 7, rewardWeights: { collect_wood: 2 } } })).toEqual(["crafter-rl-outcome-seed7"]);
    expect(names({ config: OUTCOME, name: "control", overrides: { seed: 7 } })).toEqual(["control"]);
  });

  it("with a matrix is every combination, each with its own values", () => {
    const { experiments, problems } = expand({ config: OUTCOME, name: "sweep", overrides: { loraRank: 8 }, matrix: { learningRate: [1e-4, 2.5e-5], seed: [1, 2] } });
    expect(problems).toEqual([]);
    expect(experiments.map(({ name, overrides }) => [name, overrides])).toEqual([
      ["sweep-seed1-lr1e-4", { loraRank: 8, seed: 1, learningRate: 1e-4 }], ["sweep-seed1-lr2p5e-5", { loraRank: 8, seed: 1, learningRate: 2.5e-5 }],
      ["sweep-seed2-lr1e-4", { loraRank: 8, seed: 2, learningRate: 1e-4 }], ["sweep-seed2-lr2p5e-5", { loraRank: 8, seed: 2, learningRate: 2.5e-5 }],
    ]);
  });

  it("runs one of its runs again by name, or all of them by number", () => {
    const entry = { config: OUTCOME, name: "s", matrix: { seed: [1, 2, 3] } };
    expect(expand({ ...entry, attempt: { "s-seed2": 4 } }).experiments.map(({ attempt }) => attempt)).toEqual([1, 4, 1]);
    expect(expand({ ...entry, attempt: 2 }).experiments.map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
  });
});

const entries = fc.array(fc.record({
  config: fc.constantFrom("a.toml", "b.toml"),
  name: fc.option(fc.constantFrom("x", "y", "z"), { nil: undefined }),
  matrix: fc.record({
    seed: fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 4 }),
    learningRate: fc.uniqueArray(fc.constantFrom(1e-4, 1e-3, 0.01, 0.5), { minLength: 1 }),
    indicatorLambda: fc.uniqueArray(fc.constantFrom(0, -0.5, 1, 2.5), { minLength: 1 }),
  }, { requiredKeys: [] }),
}), { minLength: 1, maxLength: 5 }) as fc.Arbitrary<Partial<ExperimentEntry>[]>;

describe("names", () => {
  it("are labels that Jobs can be called after: with the engine's suffix under 63 characters", () => {
    fc.assert(fc.property(entries, (list) => {
      const { experiments, problems } = expand(...list);
      if (problems.length > 0) return;
      for (const { name } of experiments) expect(runName.safeParse(name).success && `${name}-01234567`.length < 63, name).toBe(true);
    }));
  });

  it("are unique, or the clash is a problem", () => {
    fc.assert(fc.property(entries, (list) => {
      const { experiments, problems } = expand(...list);
      expect(new Set(experiments.map(({ name }) => name)).size === experiments.length || problems.length > 0).toBe(true);
    }));
  });

  it("of the others stay when an entry is added, in front too", () => {
    fc.assert(fc.property(entries, entries, (list, more) => {
      const before = names(...list);
      expect(names(...more, ...list).slice(-before.length)).toEqual(before);
    }));
  });

  it("stay when a value is added, and do not hang on the order of keys", () => {
    const matrix = { seed: [1, 2], learningRate: [1e-4] };
    expect(names({ config: OUTCOME, matrix: { ...matrix, seed: [1, 3, 2] } })).toEqual(expect.arrayContaining(names({ config: OUTCOME, matrix })));
    expect(names({ config: OUTCOME, matrix: { learningRate: [1e-4], seed: [1, 2] } })).toEqual(names({ config: OUTCOME, matrix }));
  });

  it("show distinct numbers differently", () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ noNaN: true, noDefaultInfinity: true }), (a, b) => {
      expect(factorLabel("indicatorLambda", a) === factorLabel("indicatorLambda", b)).toBe(a === b);
    }));
    expect([0.5, 1e-4, -2, 10].map((value) => factorLabel("indicatorLambda", value))).toEqual(["lambda0p5", "lambda1e-4", "lambdam2", "lambda10"]);
  });

  it("tell every factor apart", () => {
    expect(new Set(FACTOR_NAMES.map((name) => factorLabel(name, 1))).size).toBe(FACTOR_NAMES.length);
  });
});

describe("a wrong list", () => {
  it("is told whole, each entry with its place and what to write", () => {
    const { problems } = expand(
      OUTCOME, { config: OUTCOME },
      { config: OUTCOME, overrides: { seed: 1 }, matrix: { seed: [1, 2] } },
      { config: "configs/crafter_rl_stepwise_shaped.toml", matrix: { seed: [100], learningRate: [1.25e-5], loraRank: [16] } },
      { config: OUTCOME, name: "s", matrix: { seed: [1, 2] }, attempt: { "s-seed3": 2 } },
      { config: OUTCOME, name: "t", matrix: { seed: Array.from({ length: 101 }, (_, seed) => seed), iterations: Array.from({ length: 10 }, (_, index) => index + 1) } },
    );
    expect(problems.map(({ path, what, write }) => `${path}: ${what}. ${write}`)).toEqual([
      "experiments.2.matrix.seed: is in the entry's overrides too. Remove one of the two",
      'experiments.3.name: makes the name "crafter-rl-stepwise-shaped-seed100-lr1p25e-5-rank16" of 51 characters; 40 are the most, so that Jobs and adapters '
        + "can be called after it. Give the entry a name of at most 15 characters",
      "experiments.4.attempt.s-seed3: is no run of this entry. Write one of s-seed1, s-seed2",
      "experiments.5.matrix: makes 1010 runs of one entry; at most 1000 are taken. Vary fewer values",
      'experiments.1: is called "crafter-rl-outcome", as a run of experiments.0 is. Give the entry a name of its own',
    ]);
  });

  it("has no key that an experiment cannot set, no value twice and no empty list", () => {
    for (const bad of [{ overrides: { evaluationSeeds: 3 } }, { matrix: { rewardWeights: [] } }, { matrix: { seed: [1, 1] } }, { matrix: { seed: [] } }, { matrix: { seed: [-1] } }]) {
      expect(experimentEntry.safeParse({ config: OUTCOME, ...bad }).success, JSON.stringify(bad)).toBe(false);
    }
  });
});
