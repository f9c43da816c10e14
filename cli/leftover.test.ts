import { expect, it } from "vitest";
import { type Leftover, leftoverLines, leftoverText, removalOf } from "./leftover.ts";

const left = (change: Partial<Leftover> = {}): Leftover =>
  ({ kind: "ConfigMap", resource: "configmaps", namespace: "rewardlab-dev", name: "spec", finalizers: [], deleting: false, borrowed: false, ...change });
const command = (change: Partial<Leftover>) => removalOf(left(change), "dev", "kubectl --context gpu");

it("an object is deleted, in its namespace if it has one", () => {
  expect(command({})).toBe("kubectl --context gpu delete configmaps spec --namespace rewardlab-dev");
  expect(command({ kind: "NodePool", resource: "nodepools.karpenter.sh", namespace: undefined, name: "pool" })).toBe("kubectl --context gpu delete nodepools.karpenter.sh pool");
});

it("one that was deleted and waits for finalizers is named with them, and rid of them", () => {
  const stuck = left({ finalizers: ["example.com/hold"], deleting: true });
  expect(leftoverText(stuck)).toBe("ConfigMap rewardlab-dev/spec (deleted, and waits for example.com/hold)");
  expect(removalOf(stuck, "dev", "kubectl")).toBe(`kubectl patch configmaps spec --namespace rewardlab-dev --type=merge --patch='{"metadata":{"finalizers":null}}'`);
});

it("one that is on its way is waited for", () => expect(command({ deleting: true })).toMatch(/^kubectl --context gpu wait --for=delete configmaps spec/));

it("a node keeps its existence and loses its label", () => {
  expect(command({ kind: "Node", resource: "nodes", namespace: undefined, name: "gpu-0", borrowed: true })).toBe("kubectl --context gpu label nodes gpu-0 stack.rewardlab.dev/dev-");
});

it("what is in a namespace comes before the namespace, which waits for it", () => {
  const lines = leftoverLines([left({ kind: "Namespace", resource: "namespaces", namespace: undefined, name: "rewardlab-dev", deleting: true }), left()], "dev", "kubectl");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["ConfigMap", "Namespace"]);
});
