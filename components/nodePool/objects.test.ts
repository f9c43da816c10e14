import { describe, expect, it } from "vitest";
import { gpuSection, type GpuSettings } from "../settings/gpu.ts";
import { computeClass, computeClassOf } from "./computeClass.ts";
import { karpenterPoolOf } from "./karpenter.ts";
import { aksNodeClass, aksNodeClassOf, ec2NodeClassOf } from "./nodeClasses.ts";
import { poolOf } from "./pool.ts";
import { SHAPES } from "./shapes.ts";

const settings = <B extends GpuSettings["backend"]>(gpu: { backend: B } & Record<string, unknown>) => gpuSection.parse(gpu) as Extract<GpuSettings, { backend: B }>;
const aws = settings({ backend: "karpenter-aws", acceptEightGpus: true, amiAlias: "al2023@v20251023", role: "r", discovery: "d", nodeCount: 3 });
const aks = settings({ backend: "karpenter-aks", capacity: ["on-demand"], zones: ["eastus-1"] });
const gke = settings({ backend: "gke", capacity: ["spot", "flex-start", "on-demand"], acceptEightGpus: true, zones: ["us-central1-a"], releaseAfterMinutes: 2 });

describe("a ComputeClass", () => {
  const made = computeClassOf("dev", gke, 300);

  it("tries capacity in the order given, each with the machine that it has", () => {
    expect(made.spec.priorities.map(({ machineType, gpu, spot, flexStart }) => [machineType, gpu.count, spot, flexStart])).toEqual([
      ["a3-highgpu-2g", 2, true, undefined], ["a3-highgpu-2g", 2, undefined, { enabled: true }], ["a3-highgpu-8g", 8, undefined, undefined],
    ]);
  });

  it("makes nodes by itself, of no other kind, ends each in time, gives an empty one back and moves no pair", () => {
    expect(made.spec).toMatchObject({
      nodePoolAutoCreation: { enabled: true }, whenUnsatisfiable: "DoNotScaleUp", activeMigration: { optimizeRulePriority: false },
      autoscalingPolicy: { consolidationDelayMinutes: 2 },
    });
    for (const { maxRunDurationSeconds, location } of made.spec.priorities) expect([maxRunDurationSeconds, location]).toEqual([18_000, { zones: ["us-central1-a"] }]);
  });

  it("has no field that its reference does not have", () => {
    const wrong = structuredClone(made) as any;
    wrong.spec.priorities[0].maxRunDuration = 1;
    expect(computeClass.safeParse(wrong).error!.issues).toMatchObject([{ code: "unrecognized_keys", path: ["spec", "priorities", 0], keys: ["maxRunDuration"] }]);
    expect(computeClass.safeParse({ ...made, spec: { ...made.spec, priorities: [{ ...made.spec.priorities[0], flexStart: { enabled: true } }] } }).success).toBe(false);
  });
});

describe("a Karpenter pool", () => {
  const nodeClass = aksNodeClassOf("dev", aks);
  const { spec } = karpenterPoolOf("dev", aks, { shape: SHAPES.aks, nodeClass, lifeMinutes: 300 }) as any;

  it("makes one kind of machine of its class, in the capacity and zones chosen, and as many GPUs as the pool may have", () => {
    expect(spec.template.spec.nodeClassRef).toEqual({ group: "karpenter.azure.com", kind: "AKSNodeClass", name: "rewardlab-dev" });
    expect(Object.fromEntries(spec.template.spec.requirements.map(({ key, values }: any) => [key, values]))).toEqual({
      "node.kubernetes.io/instance-type": ["Standard_NC80adis_H100_v5"], "karpenter.sh/capacity-type": ["on-demand"], "kubernetes.io/os": ["linux"],
      "topology.kubernetes.io/zone": ["eastus-1"],
    });
    expect(spec.limits).toEqual({ "nvidia.com/gpu": "2" });
    expect((karpenterPoolOf("dev", aws, { shape: SHAPES.aws, nodeClass, lifeMinutes: 300 }) as any).spec.limits).toEqual({ "nvidia.com/gpu": "24" });
  });

  it("disturbs a node when it is empty and for nothing else", () => {
    expect(spec.disruption).toMatchObject({
      consolidationPolicy: "WhenEmpty", budgets: [{ nodes: "100%", reasons: ["Empty"] }, { nodes: "0", reasons: ["Drifted", "Underutilized"] }],
    });
  });

  it("says before a node exists what card it will have, and keeps all others off it", () => {
    expect(spec.template.metadata.labels).toMatchObject({ "nvidia.com/gpu.product": "NVIDIA-H100-NVL" });
    expect(spec.template.spec.taints.map(({ key }: any) => key)).toEqual(["nvidia.com/gpu", "rewardlab.dev/pool"]);
  });
});

it("a node class names its image exactly, and what it is for", () => {
  expect(aksNodeClass.parse(aksNodeClassOf("dev", aks)).spec).toEqual({ imageFamily: "Ubuntu2204", osDiskSizeGB: 300, tags: { "rewardlab-stack": "dev" } });
  expect(ec2NodeClassOf("dev", aws).spec).toMatchObject({ amiSelectorTerms: [{ alias: "al2023@v20251023" }], tags: { "rewardlab.dev/stack": "dev" } });
});

describe("what pods are told of a pool", () => {
  it.each([
    [gke, { "cloud.google.com/compute-class": "rewardlab-dev" }, "cloud.google.com/gke-accelerator", ["nvidia.com/gpu", "cloud.google.com/compute-class"], 1],
    [aks, { "karpenter.sh/nodepool": "rewardlab-dev" }, "nvidia.com/gpu.product", ["nvidia.com/gpu", "rewardlab.dev/pool"], 1],
    [aws, { "karpenter.sh/nodepool": "rewardlab-dev" }, "nvidia.com/gpu.product", ["nvidia.com/gpu", "rewardlab.dev/pool"], 4],
    [settings({ backend: "existing", labels: { a: "b" }, products: ["x"] }), { a: "b" }, "nvidia.com/gpu.product", ["nvidia.com/gpu"], 1],
  ])("is its nodes' label, card, taints and room for pairs: $backend", (nodes, labels, label, taints, pairsPerNode) => {
    expect(poolOf("dev", nodes)).toMatchObject({ labels, cards: { label }, taints, pairsPerNode });
  });

  it("is a DeviceClass where GPUs are allocated by claims", () => {
    expect(poolOf("dev", settings({ backend: "existing", products: ["x"], allocation: "dra" })).deviceClass).toBe("gpu.nvidia.com");
    expect(poolOf("dev", settings({ backend: "existing", products: ["x"] })).deviceClass).toBeUndefined();
  });
});
