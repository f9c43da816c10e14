import { ResourceV1Api, type V1Pod } from "@kubernetes/client-node";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EXCLUSIVE_TAINT, GPU } from "../components/nodePool/gpu.ts";
import { type Fleet, NAMESPACE, startFleet } from "./fleet.ts";
import { revealed } from "./record.ts";
import { recordStack } from "./stacks.ts";

/**
 * Pairs on a faked fleet under contention: all members at once, in random order, each property in 25 rounds. The pods are the
 * program's own; the control plane and the scheduler are real.
 */
const ROUNDS = { numRuns: 25, endOnFailure: true };
let fleet: Fleet;
beforeAll(async () => { fleet = await startFleet(); });
afterAll(async () => fleet.stop());

/** The members of so many pairs, as the program has them for a pool. */
async function members(pairs: number, gpu: Record<string, unknown>): Promise<V1Pod[]> {
  const experiments = [{ config: "configs/crafter_rl_outcome.toml", name: "run", matrix: { seed: Array.from({ length: pairs }, (_, seed) => seed + 1) } }];
  const { of } = await recordStack("dev", { placement: "dedicated", experiments, gpu: { nodeCount: pairs, labels: {}, ...gpu } });
  return of("kubernetes:apps/v1:Deployment").map(({ inputs }) => revealed(inputs)).filter(({ metadata }) => metadata.labels["rewardlab.dev/pair"])
    // Pods whose turn it is: queue.cluster.test.ts has those that wait for it.
    .map(({ metadata, spec }) => ({ metadata: { ...spec.template.metadata, name: metadata.name }, spec: { ...spec.template.spec, schedulingGates: undefined } }));
}

const inAnyOrder = (pods: V1Pod[]) => fc.shuffledSubarray(pods, { minLength: pods.length });
const pairOf = (name: string) => name.replace(/-(vllm|trainer)$/, "");
/** The pairs that have met: node by pair. A pair whose members are apart, or of which one is placed alone, is an error. */
function met(nodes: Record<string, string | undefined>): Record<string, string> {
  const pairs = Map.groupBy(Object.entries(nodes).filter(([name]) => /-(vllm|trainer)$/.test(name)), ([name]) => pairOf(name));
  return Object.fromEntries([...pairs].flatMap(([pair, both]) => {
    const [first, second] = both.map(([, node]) => node);
    expect(second, `${pair}: ${JSON.stringify(nodes)}`).toBe(first);
    return first ? [[pair, first]] : [];
  }));
}

async function removeNodes(): Promise<void> {
  await fleet.clear();
  await fleet.core.deleteCollectionNode({ gracePeriodSeconds: 0 });
}

describe("pairs on nodes of their own, as many as there is room for", () => {
  afterEach(removeNodes);

  it("all meet on nodes of two GPUs, though the scheduler would put every first member on the one with most cores", async () => {
    for (const [name, cpu] of [["a", 512], ["b", 64], ["c", 64], ["d", 64]] as const) await fleet.addNode({ name, cpu, gpus: 2 });
    const all = await members(4, {});
    await fc.assert(fc.asyncProperty(inAnyOrder(all), async (order) => {
      for (const pod of order) await fleet.create(pod);
      expect(new Set(Object.values(met(await fleet.untilPlaced(8)))).size).toBe(4);
      await fleet.clear();
    }), ROUNDS);
  });

  it("all meet on nodes of eight GPUs, four on each", async () => {
    for (const [name, cpu] of [["a", 2048], ["b", 128]] as const) await fleet.addNode({ name, cpu, gpus: 8 });
    const all = await members(8, { gpusPerNode: 8, nodeCount: 2 });
    await fc.assert(fc.asyncProperty(inAnyOrder(all), async (order) => {
      for (const pod of order) await fleet.create(pod);
      expect(Object.values(met(await fleet.untilPlaced(16))).toSorted()).toEqual([..."aaaabbbb"]);
      await fleet.clear();
    }), ROUNDS);
  });

  it("meet again wherever a member is lost, since the place of a lost one is no other pair's", async () => {
    for (const name of ["a", "b"]) await fleet.addNode({ name, gpus: 2 });
    const all = await members(3, {});
    const placed = all.filter(({ metadata }) => !metadata!.name!.startsWith("pair-2"));
    for (const pod of placed) await fleet.create(pod);
    const before = met(await fleet.untilPlaced(4));
    for (const pod of all.filter((each) => !placed.includes(each))) await fleet.create(pod);
    await fleet.placed();
    await fc.assert(fc.asyncProperty(fc.constantFrom(...placed), async (lost) => {
      await fleet.core.deleteNamespacedPod({ name: lost.metadata!.name!, namespace: NAMESPACE, gracePeriodSeconds: 0 });
      await fleet.create(lost);
      expect(met(await fleet.untilPlaced(4))).toEqual(before);
    }), ROUNDS);
  });
});

/** Another team's pod with a GPU: it tolerates what the API server lets every pod with a GPU tolerate. */
const stranger = (name: string, node?: string): V1Pod => ({
  metadata: { name, namespace: NAMESPACE },
  spec: {
    ...(node && { nodeSelector: { "kubernetes.io/hostname": node } }),
    tolerations: [{ key: GPU.resource, operator: "Exists" }],
    containers: [{ name: "main", image: "none", resources: { limits: { [GPU.resource]: "1" } } }],
  },
});

describe("pairs beside others' pods", () => {
  afterEach(removeNodes);

  it("never wait for each other on two half-free nodes: both meet as soon as the others' pods end, in either order", async () => {
    for (const name of ["a", "b"]) await fleet.addNode({ name, gpus: 2 });
    const all = await members(2, {});
    await fc.assert(fc.asyncProperty(inAnyOrder(all), fc.shuffledSubarray(["a", "b"], { minLength: 2 }), async (order, ending) => {
      for (const name of ["a", "b"]) await fleet.create(stranger(`stranger-${name}`, name));
      await fleet.untilPlaced(2);
      for (const pod of order) await fleet.create(pod);
      await fleet.placed();
      for (const name of ending) await fleet.core.deleteNamespacedPod({ name: `stranger-${name}`, namespace: NAMESPACE, gracePeriodSeconds: 0 });
      expect(Object.values(met(await fleet.untilPlaced(4))).toSorted()).toEqual(["a", "b"]);
      await fleet.clear();
    }), ROUNDS);
  });

  it("have nodes that are for pairs alone to themselves", async () => {
    await fleet.addNode({ name: "a", gpus: 2, taints: [{ ...GPU.taint }, { ...EXCLUSIVE_TAINT }] });
    await fleet.create(stranger("stranger"));
    for (const pod of await members(1, { exclusive: true })) await fleet.create(pod);
    expect(met(await fleet.placed())).toEqual({ "pair-0": "a" });
    expect((await fleet.placed())["stranger"]).toBeUndefined();
  });
});

describe("pairs with a claim for their GPUs, on nodes that others use too", () => {
  const driver = "gpu.nvidia.com";
  let claims: ResourceV1Api;
  const claim = (name: string, requests: string[]) => claims.createNamespacedResourceClaim({ namespace: NAMESPACE, body: {
    metadata: { name }, spec: { devices: { requests: requests.map((request) => ({ name: request, exactly: { deviceClassName: driver } })) } },
  } });
  const removeClaims = async () => {
    await claims.deleteCollectionNamespacedResourceClaim({ namespace: NAMESPACE });
    await expect.poll(async () => (await claims.listNamespacedResourceClaim({ namespace: NAMESPACE })).items.length, { timeout: 30_000 }).toBe(0);
  };

  beforeAll(async () => {
    claims = fleet.config.makeApiClient(ResourceV1Api);
    await claims.createDeviceClass({ body: { metadata: { name: driver }, spec: { selectors: [{ cel: { expression: `device.driver == "${driver}"` } }] } } });
    for (const name of ["a", "b"]) {
      await fleet.addNode({ name, gpus: 0 });
      await claims.createResourceSlice({ body: {
        metadata: { name }, spec: { driver, nodeName: name, pool: { name, generation: 1, resourceSliceCount: 1 }, devices: [{ name: "gpu-0" }, { name: "gpu-1" }] },
      } });
    }
  });
  afterAll(removeNodes);

  it("take no GPU of a half-free node, and meet where two get free", async () => {
    const all = await members(2, { allocation: "dra" });
    const held = (name: string): V1Pod => {
      const { spec } = stranger(name, name.at(-1));
      return { metadata: { name }, spec: { ...spec!, resourceClaims: [{ name: "gpu", resourceClaimName: name }],
        containers: [{ name: "main", image: "none", resources: { claims: [{ name: "gpu" }] } }] } };
    };
    await fc.assert(fc.asyncProperty(inAnyOrder(all), fc.shuffledSubarray(["a", "b"], { minLength: 2 }), async (order, ending) => {
      for (const name of ["stranger-a", "stranger-b"]) {
        await claim(name, ["gpu"]);
        await fleet.create(held(name));
      }
      await fleet.untilPlaced(2);
      for (const pair of ["pair-0", "pair-1"]) await claim(`${pair}-gpus`, ["vllm", "trainer"]);
      for (const pod of order) await fleet.create(pod);
      expect(met(await fleet.placed())).toEqual({});
      for (const [index, name] of ending.entries()) {
        await fleet.core.deleteNamespacedPod({ name: `stranger-${name}`, namespace: NAMESPACE, gracePeriodSeconds: 0 });
        const nodes = Object.values(met(await fleet.untilPlaced(index === 0 ? 3 : 4))).toSorted();
        expect(nodes).toEqual(ending.slice(0, index + 1).toSorted());
      }
      await fleet.clear();
      await removeClaims();
    }), ROUNDS);
  });
});
