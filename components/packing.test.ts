import { describe, expect, it } from "vitest";
import { type PackingLimits, packExperiments, slotsFor, VERSIONS_PER_RUN } from "./packing.ts";

const limits: PackingLimits = { placement: "shared", gpusPerNode: 2, nodeCount: 1, kueue: false, maxSlots: 48 };
const names = (count: number) => Array.from({ length: count }, (_, index) => `run-${index}`);

describe("slots", () => {
  it.each([1, 3, 16])("hold every version that %i runs may have alive, and twice that in host memory", (runs) => {
    expect(slotsFor(runs)).toEqual({ maxLoras: runs * VERSIONS_PER_RUN, maxCpuLoras: 2 * runs * VERSIONS_PER_RUN });
  });
});

describe("packing", () => {
  it("shared puts all on one pair", () => {
    expect(packExperiments(names(3), limits)).toEqual({
      pairs: [{ name: "pair-0", experiments: names(3), slots: { maxLoras: 9, maxCpuLoras: 18 }, waits: false }], problems: [],
    });
  });

  it("dedicated gives each its own", () => {
    const { pairs } = packExperiments(names(3), { ...limits, placement: "dedicated", nodeCount: 3 });
    expect(pairs.map(({ name, experiments }) => [name, experiments])).toEqual([["pair-0", ["run-0"]], ["pair-1", ["run-1"]], ["pair-2", ["run-2"]]]);
  });

  it.each([[7, 2], [6, 3], [300, 16], [1, 5]])("puts %i experiments at most %i on a pair, each on exactly one, in order", (count, perPair) => {
    const { pairs } = packExperiments(names(count), { ...limits, placement: { perPair }, nodeCount: 1000 });
    expect(pairs.flatMap(({ experiments }) => experiments)).toEqual(names(count));
    expect(Math.max(...pairs.map(({ experiments }) => experiments.length))).toBeLessThanOrEqual(perPair);
    expect(pairs).toHaveLength(Math.ceil(count / perPair));
  });

  it("lets pairs wait that the pool has no room for yet, the last ones", () => {
    const { pairs, problems } = packExperiments(names(5), { ...limits, placement: "dedicated", nodeCount: 2 });
    expect([pairs.map(({ waits }) => waits), problems]).toEqual([[false, false, true, true, true], []]);
    expect(packExperiments(names(5), { ...limits, placement: "dedicated", gpusPerNode: 8 }).pairs.map(({ waits }) => waits)).toEqual([false, false, false, false, true]);
  });

  it("lets all pairs wait where Kueue gives turns", () => {
    expect(packExperiments(names(2), { ...limits, kueue: true, nodeCount: 9 }).pairs.map(({ waits }) => waits)).toEqual([true]);
  });

  it("refuses a pair that no node can ever hold", () => {
    const { problems } = packExperiments(names(1), { ...limits, gpusPerNode: 1, nodeCount: 5 });
    expect(problems).toEqual([expect.objectContaining({ path: "gpu.gpusPerNode", what: expect.stringContaining("no pair would ever have its turn") })]);
  });

  it("counts two pairs on a node of four GPUs", () => {
    expect(packExperiments(names(2), { ...limits, placement: "dedicated", gpusPerNode: 4 }).problems).toEqual([]);
  });

  it("refuses more adapters than a server may have", () => {
    const { problems } = packExperiments(names(17), limits);
    expect(problems[0]).toMatchObject({ what: expect.stringContaining("needs 51 adapter slots"), write: expect.stringContaining("perPair: 16") });
  });
});
