import type { V1Pod } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { fleetFigures, isLinear } from "./fleetBench.ts";
import { placesOf } from "./fleetCluster.ts";
import program from "../../index.ts";
import { record } from "../record.ts";
import { fleetConfig, PER_PAIR } from "./fleetStack.ts";

const N = [3, 30, 300];
const valuesOf = (cost: (n: number) => number) => N.map(cost);

it("tells a cost in proportion to n from one with its square, above any start-up cost and within the noise", () => {
  expect(isLinear(N, valuesOf((n) => 250 + n), 8)).toBe(true);
  expect(isLinear(N, valuesOf((n) => 250 + n * Math.log2(n)), 8)).toBe(true);
  expect(isLinear(N, valuesOf((n) => 250 + 0.02 * n * n), 8)).toBe(false);
  expect(isLinear(N, valuesOf((n) => n ** 2), 0)).toBe(false);
  // Growth that is less than what two equal processes differ by says nothing of its kind; later growth still does.
  expect(isLinear(N, [250, 249, 300], 8)).toBe(true);
  expect(isLinear(N, [250, 249, 600], 8)).toBe(false);
});

const pod = (name: string, node: string | undefined, labels: Record<string, string> = {}): V1Pod => ({
  metadata: { name, labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`rewardlab.dev/${key}`, value])) },
  spec: { containers: [], ...(node && { nodeName: node }) },
  ...(!node && { status: { conditions: [{ type: "PodScheduled", status: "False", message: "0/100 nodes are available" }] } }),
});
const pair = (index: number, vllm?: string, trainer = vllm) => [pod(`v${index}`, vllm, { pair: `pair-${index}` }), pod(`t${index}`, trainer, { pair: `pair-${index}` })];
const runs = [pod("r1", "cpu", { run: "a" }), pod("r2", "cpu", { run: "b" })];

it("finds pods where the packing said, and names each that is not there", () => {
  const good = placesOf([...pair(0, "gpu-1"), ...pair(1, "gpu-0"), ...runs, pod("task-app", "cpu")], { pairs: 2, runs: 2 });
  expect([good.pods, [...good.pairs], good.problems]).toEqual([7, [["pair-0", "gpu-1"], ["pair-1", "gpu-0"]], []]);
  const problems = (pods: V1Pod[]) => placesOf(pods, { pairs: 2, runs: 2 }).problems.join("; ");
  expect(problems([...pair(0, "gpu-1"), ...pair(1, "gpu-0", "gpu-2"), ...runs])).toBe("pair-1 has 2 members on gpu-0, gpu-2; 1 pairs have met, not 2");
  expect(problems([...pair(0, "gpu-1"), ...pair(1, "gpu-1"), ...runs])).toBe("two pairs are on one node of two GPUs");
  expect(problems([...pair(0, "gpu-1"), ...pair(1), ...runs])).toMatch(/^v1 has no node: 0\/100 nodes are available; t1 has no node/);
  expect(problems([...pair(0, "gpu-1"), ...pair(1, "gpu-2"), ...runs.slice(1)])).toBe("1 runs have a pod, not 2");
  expect(problems([...pair(0, "gpu-1"), ...pair(1, "gpu-2"), ...runs, pod("task-app", "gpu-2")])).toBe("task-app is on a GPU node");
});

it("has the numbers under the names that scripts read, and says so when pods are not where the packing said", () => {
  const costs = { n: N, programSeconds: [0.5, 1, 6], programRssMiB: [260, 330, 620], resources: [43, 178, 1528] };
  const facts = { objects: 1000, applySeconds: 20, upSeconds: 25, previewSeconds: 3, placeSeconds: 4, places: placesOf([...pair(0, "a"), ...runs], { pairs: 1, runs: 2 }) };
  const { keys, figures, notMeasured } = fleetFigures(costs, facts);
  expect(keys).toEqual({
    n: N, programSeconds: [0.5, 1, 6], programRssMiB: [260, 330, 620], linear: true, upSeconds: 25, applySeconds: 20, upRatio: 1.25, previewSeconds: 3, pods: 4, pairs: 1, placed: true,
  });
  expect(figures.find(({ name }) => name === "up_ratio")?.value).toBe(1.25);
  expect(notMeasured).toEqual([]);
  const misplaced = fleetFigures(costs, { ...facts, places: placesOf(runs, { pairs: 1, runs: 2 }) });
  expect([misplaced.keys!["placed"], misplaced.notMeasured]).toEqual([false, ["Not as the packing said: 0 pairs have met, not 1"]]);
});

it("the program takes the fleet's settings, and makes as many Jobs and pairs as they say", async () => {
  const { of } = await record(() => program(), { stack: "fleet", config: fleetConfig(6) });
  expect([of("kubernetes:batch/v1:Job").length, of("rewardlab:serving:VllmServer").length]).toEqual([6, 6 / PER_PAIR]);
});
