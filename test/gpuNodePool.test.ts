import { describe, expect, it } from "vitest";
import { GpuNodePool } from "../components/gpuNodePool.ts";
import { gpuSection } from "../components/settings/gpu.ts";
import { POOLS } from "./pools.ts";
import { record, type Recording } from "./record.ts";

const life = { deadlineMinutes: 240, readyWithinMinutes: 45, waves: 1 };
const NODE_LABEL = { "stack.rewardlab.dev/dev": "true" };

/** What a pool of these settings registers. */
const made = (gpu: object): Promise<Recording> =>
  record(async () => ({ nodes: new GpuNodePool("gpus", { stack: "dev", life, ...gpuSection.parse(gpu) }).nodes }));
const existing = (change: object) => ({ ...POOLS.existing, ...change });
const objectsOf = ({ resources }: Recording) => resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ type, name, inputs }) => [type, name, inputs["metadata"]?.name]);

describe("a pool of nodes that exist", () => {
  const taint = { key: "nvidia.com/gpu", value: "rewardlab", effect: "NoSchedule" };

  it("labels and taints the named nodes, and touches nothing else of them", async () => {
    const { of, outputs } = await made(existing({ nodes: ["a", "b"] }));
    expect(of("kubernetes:core/v1:NodePatch").map(({ name, inputs }) => [name, inputs["metadata"], inputs["spec"]])).toEqual(["a", "b"].map((node) => [
      `gpus-${node}`, { name: node, labels: { ...POOLS.existing.labels, ...NODE_LABEL } }, { taints: [taint] },
    ]));
    expect(outputs.nodes).toEqual(["a", "b"]);
  });

  it("keeps others' GPU pods off too, where it is told that the nodes are for pairs alone", async () => {
    const { one } = await made(existing({ nodes: ["a"], exclusive: true }));
    expect(one("kubernetes:core/v1:NodePatch").inputs["spec"].taints).toEqual([taint, { key: "rewardlab.dev/pool", value: "pairs", effect: "NoSchedule" }]);
  });

  it("leaves the taints alone where something else manages them", async () => {
    const { one } = await made(existing({ nodes: ["a"], taint: false }));
    expect(one("kubernetes:core/v1:NodePatch").inputs["spec"]).toBeUndefined();
  });

  it("has nothing to do for nodes that carry their labels already", async () => {
    expect(objectsOf(await made(existing({ nodes: [] })))).toEqual([]);
  });
});

describe("a pool of nodes that the cluster makes", () => {
  it("is on GKE one ComputeClass, named after the stack", async () => {
    expect(objectsOf(await made(POOLS.gke))).toEqual([["kubernetes:cloud.google.com/v1:ComputeClass", "gpus-class", "rewardlab-dev"]]);
  });

  it.each([["aks", "kubernetes:karpenter.azure.com/v1beta1:AKSNodeClass"], ["aws", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"]] as const)(
    "is with Karpenter on %s a class and a pool, which goes before its class", async (cloud, type) => {
      const recording = await made(POOLS[cloud]);
      expect(objectsOf(recording)).toEqual([[type, "gpus-class", "rewardlab-dev"], ["kubernetes:karpenter.sh/v1:NodePool", "gpus-pool", "rewardlab-dev"]]);
      expect(recording.one("kubernetes:karpenter.sh/v1:NodePool").dependsOn).toEqual([`${type} gpus-class`]);
    });

  it("ends every node after the deadline, the servers' start and a margin, or after what is chosen", async () => {
    const spec = async (gpu: object) => (await made(gpu)).one("kubernetes:karpenter.sh/v1:NodePool").inputs["spec"].template.spec.expireAfter;
    expect(await spec(POOLS.aks)).toBe("300m");
    expect(await spec({ ...POOLS.aks, nodeLifeMinutes: 600 })).toBe("600m");
    const { inputs } = (await made(POOLS.gke)).one("kubernetes:cloud.google.com/v1:ComputeClass");
    expect(inputs["spec"].priorities.map(({ maxRunDurationSeconds }: any) => maxRunDurationSeconds)).toEqual([18_000, 18_000]);
  });
});
