import { describe, expect, it } from "vitest";
import program from "../index.ts";
import { POOLS } from "./pools.ts";
import { record, type Recording } from "./record.ts";
import { envFile, stackConfig } from "./stacks.ts";

/** The whole program over each kind of pool: what its pods ask for. */
const programOn = (gpu: object): Promise<Recording> => record(() => program({ envFile: envFile() }), { stack: "dev", config: { ...stackConfig("dev"), gpu } });
const podsOf = ({ of }: Recording, part: RegExp) => of("kubernetes:apps/v1:Deployment").filter(({ name }) => part.test(name)).map(({ inputs }) => inputs["spec"].template.spec);
const refusalOf = (gpu: object) => programOn(gpu).then(() => "accepted", (error: Error) => error.message);

describe("pods of a pair", () => {
  it.each([
    ["gke", { "cloud.google.com/compute-class": "rewardlab-dev" }, "cloud.google.com/gke-accelerator", ["nvidia-h100-80gb"]],
    ["aks", { "karpenter.sh/nodepool": "rewardlab-dev" }, "nvidia.com/gpu.product", ["NVIDIA-H100-NVL"]],
    ["aws", { "karpenter.sh/nodepool": "rewardlab-dev" }, "nvidia.com/gpu.product", ["NVIDIA-H100-80GB-HBM3"]],
  ] as const)("select the nodes of the pool that %s makes, and their card", async (pool, selector, label, cards) => {
    const pods = podsOf(await programOn(POOLS[pool]), /pair-\d/);
    expect(pods.length).toBe(2);
    for (const { nodeSelector, affinity, containers } of pods) {
      expect(nodeSelector).toEqual(selector);
      expect(affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions).toEqual([{ key: label, operator: "In", values: cards }]);
      expect(containers[0].resources.limits["nvidia.com/gpu"]).toBe("1");
    }
  });

  it("share a claim of two devices where GPUs are allocated by claims, one each, and count none", async () => {
    const recording = await programOn({ ...POOLS.existing, allocation: "dra", deviceClass: "gpu.example.com" });
    const { inputs, deletedWith } = recording.one("kubernetes:resource.k8s.io/v1:ResourceClaim");
    expect([inputs["metadata"].name, inputs["metadata"].namespace, deletedWith !== undefined]).toEqual(["pair-0-gpus", "rewardlab-dev", true]);
    expect(inputs["spec"].devices.requests.map(({ name, exactly }: any) => [name, exactly.deviceClassName, exactly.count])).toEqual([["vllm", "gpu.example.com", 1], ["trainer", "gpu.example.com", 1]]);
    for (const { resourceClaims, containers, affinity } of podsOf(recording, /pair-\d/)) {
      expect(resourceClaims).toEqual([{ name: "gpus", resourceClaimName: "pair-0-gpus" }]);
      expect([containers[0].resources.claims, containers[0].resources.limits["nvidia.com/gpu"]]).toEqual([[{ name: "gpus", request: containers[0].name }], undefined]);
      expect(affinity.podAntiAffinity).toBeUndefined();
    }
    expect(podsOf(recording, /task-app/)[0].resourceClaims).toBeUndefined();
  });
});

describe("a pool that can't be had", () => {
  it("is refused with every problem of the file at once", async () => {
    const message = await refusalOf({ ...POOLS.aws, acceptEightGpus: false, nodeLifeMinutes: 10 });
    expect(message).toMatch(/2 problems/);
    expect(message).toMatch(/Pulumi\.dev\.yaml gpu\.backend: is karpenter-aws, but AWS has no node of 2 H100s/);
    expect(message).toMatch(/gpu\.nodeLifeMinutes: is 10, so a node ends before a run of 240 minutes does/);
  });

  it("of a backend that there is not is refused with those that there are, and a misspelt key of any of them with the right one", async () => {
    expect(await refusalOf({ backend: "gek" })).toMatch(/gpu\.backend: .*'existing' \| 'gke' \| 'karpenter-aks' \| 'karpenter-aws'/);
    expect(await refusalOf({ ...POOLS.gke, capcity: ["spot"] })).toMatch(/gpu\.capcity: is not a known key\. Did you mean gpu\.capacity\?/);
    expect(await refusalOf({ ...POOLS.aws, aminAlias: "x" })).toMatch(/gpu\.aminAlias: is not a known key\. Did you mean gpu\.amiAlias\?/);
  });
});
