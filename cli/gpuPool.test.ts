import type { V1Node, V1Taint } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { nodesHere, type PoolNeeds, poolProblem } from "./gpuPool.ts";

function node(name: string, { gpus = 2, product = "H100", labels = {}, taints = [] as V1Taint[], address = "10.0.0.1", type = "InternalIP" } = {}): V1Node {
  return {
    metadata: { name, labels: { "nvidia.com/gpu.product": product, ...labels } },
    spec: { taints },
    status: { allocatable: { "nvidia.com/gpu": String(gpus) }, addresses: [{ type, address }] },
  };
}
const needs: PoolNeeds = { nodes: [], labels: { pool: "a" }, products: ["H100", "H100-NVL"], gpusPerNode: 2, allocation: "device-plugin", taint: true };

test("a pool has room where a named node, or one with its labels, offers the GPUs of an accepted card", () => {
  expect(poolProblem([node("a")], { ...needs, nodes: ["a"] })).toBeNull();
  expect(poolProblem([node("a"), node("b", { labels: { pool: "a" } })], needs)).toBeNull();
});

test("a node that the cluster does not have is named, with those that it has", () => {
  expect(poolProblem([node("a"), node("b")], { ...needs, nodes: ["b", "c"] })).toBe("gpu.nodes names c, which the cluster does not have; its nodes: a, b");
});

test("a pool without room says what each of its nodes offers, and nothing of the others", () => {
  const problem = poolProblem([node("a", { gpus: 1 }), node("b", { product: "A100" }), node("other")], { ...needs, nodes: ["a", "b"] });
  expect(problem).toContain("needs 2 nvidia.com/gpu");
  expect(problem).toMatch(/: a offers 1, nvidia.com\/gpu.product=H100; b offers 2, nvidia.com\/gpu.product=A100$/);
  expect(poolProblem([node("a")], needs)).toMatch(/no node has the labels of the pool$/);
});

test("a named node that somebody else taints is refused while the stack would taint it too; a stack's taints and a node's state are no matter", () => {
  const cloud = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" };
  const ours = { ...cloud, value: "rewardlab" };
  const notReady = { key: "node.kubernetes.io/not-ready", effect: "NoExecute" };
  const problem = (taints: V1Taint[], change: Partial<PoolNeeds> = {}) => poolProblem([node("a", { taints })], { ...needs, nodes: ["a"], ...change });
  expect(problem([ours, cloud])).toBe("the taints of a (nvidia.com/gpu=present:NoSchedule) have another owner, and a node's list of taints has one: set gpu.taint to false, and let that owner's taints keep others off");
  expect([problem([ours, notReady]), problem([cloud], { taint: false })]).toEqual([null, null]);
});

test("where a driver hands GPUs out nothing is counted, but the pool must be there", () => {
  const claimed: PoolNeeds = { ...needs, allocation: "dra" };
  expect(poolProblem([node("a", { gpus: 0, labels: { pool: "a" } })], claimed)).toBeNull();
  expect(poolProblem([node("a", { gpus: 0 })], claimed)).toMatch(/no node has the labels of the pool$/);
});

test("a node is here when an address of it inside the cluster is this machine's", () => {
  const nodes = [node("here"), node("there", { address: "10.0.0.2" }), node("public", { address: "192.0.2.1", type: "ExternalIP" })];
  expect(nodesHere(nodes, ["10.0.0.1", "192.0.2.1"]).map(({ metadata }) => metadata!.name)).toEqual(["here"]);
});
