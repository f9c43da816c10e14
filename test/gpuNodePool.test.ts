import { expect, it } from "vitest";
import { GpuNodePool } from "../components/gpuNodePool.ts";
import { record } from "./record.ts";

const labels = { "rewardlab.dev/gpu-pool": "h100x2" };

it("labels and taints the named nodes, and touches nothing else of them", async () => {
  const { of, outputs } = await record(async () => ({ nodes: new GpuNodePool("gpus", { stack: "dev", nodes: ["a", "b"], labels, taint: true }).nodes }));
  expect(of("kubernetes:core/v1:NodePatch").map(({ name, inputs }) => [name, inputs["metadata"], inputs["spec"]])).toEqual(["a", "b"].map((node) => [
    `gpus-${node}`, { name: node, labels: { ...labels, "stack.rewardlab.dev/dev": "true" } }, { taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }] },
  ]));
  expect(outputs.nodes).toEqual(["a", "b"]);
});

it("leaves the taints alone where something else manages them", async () => {
  const { one } = await record(async () => void new GpuNodePool("gpus", { stack: "dev", nodes: ["a"], labels, taint: false }));
  expect(one("kubernetes:core/v1:NodePatch").inputs["spec"]).toBeUndefined();
});

it("has nothing to do for nodes that carry their labels already", async () => {
  const { of } = await record(async () => void new GpuNodePool("gpus", { stack: "dev", nodes: [], labels, taint: true }));
  expect(of("kubernetes:core/v1:NodePatch")).toEqual([]);
});
