import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingKinds } from "../cli/poolKinds.ts";
import { CRD_MODULES } from "./publishedCrds.ts";
import { revealed } from "./record.ts";
import { recordStack } from "./stacks.ts";
import { installCrds, startTestPlane, type TestPlane } from "./testPlane.ts";

/** The queue of a program with Kueue, put before a real API server that has the definitions which Kueue publishes. Kueue itself does not run. */
let api: TestPlane;
let queue: any;
beforeAll(async () => {
  api = await startTestPlane();
  await api.createNamespace("rewardlab-dev");
  const recording = await recordStack("dev", { placement: "dedicated", queue: { kueue: { clusterQueue: "gpus" } } });
  queue = revealed(recording.one("kubernetes:kueue.x-k8s.io/v1beta2:LocalQueue").inputs);
});
afterAll(async () => api.stop());

const apply = (object: unknown) => api.kubectl(["apply", "--server-side", "--validate=strict", "--field-manager=rewardlab"], object);

it("a cluster without Kueue is told from one that has it", async () => {
  expect(await missingKinds(api.config, { backend: "existing", queue: true })).toMatch(/queue is kueue, but the cluster knows no LocalQueue \(kueue\.x-k8s\.io\/v1beta2\); Kueue 0\.15 or newer brings it\. Leave queue out/);
  expect(await missingKinds(api.config, { backend: "gke", queue: true })).toMatch(/no ComputeClass .* no LocalQueue/);
  expect(await missingKinds(api.config, { backend: "existing", queue: false })).toBeNull();
});

describe("a cluster with Kueue's definitions", () => {
  beforeAll(async () => installCrds(api, CRD_MODULES.kueue));

  it("has the kind, and accepts the queue, unknown fields being errors", async () => {
    expect(await missingKinds(api.config, { backend: "existing", queue: true })).toBeNull();
    expect(await apply(queue)).toMatchObject({ ok: true });
  });

  it("accepts the ClusterQueue that the documentation shows", async () => {
    const [flavor, clusterQueue] = QUOTA;
    for (const object of [flavor, clusterQueue]) expect(await apply(object)).toMatchObject({ ok: true });
  });

  it.each([
    ["a field that does not exist", { clusterQueu: "gpus" }, /clusterQueu/], ["a name that is none", { clusterQueue: "My Queue" }, /clusterQueue/],
  ])("refuses %s, so the tests above can fail", async (_what, spec, message) => {
    const { ok, output } = await apply({ ...queue, metadata: { ...queue.metadata, name: "wrong" }, spec });
    expect([ok, output]).toEqual([false, expect.stringMatching(message)]);
  });

  it("lets no queue move to another ClusterQueue, which is why the program makes a new one", async () => {
    const { ok, output } = await apply({ ...queue, spec: { clusterQueue: "others" } });
    expect([ok, output]).toEqual([false, expect.stringMatching(/immutable/)]);
  });
});

/** As in docs/node-pools.md: two nodes of two GPUs. */
const QUOTA = [
  { apiVersion: "kueue.x-k8s.io/v1beta2", kind: "ResourceFlavor", metadata: { name: "h100x2" } },
  { apiVersion: "kueue.x-k8s.io/v1beta2", kind: "ClusterQueue", metadata: { name: "gpus" }, spec: {
    namespaceSelector: {}, queueingStrategy: "StrictFIFO",
    resourceGroups: [{
      coveredResources: ["cpu", "memory", "nvidia.com/gpu"],
      flavors: [{ name: "h100x2", resources: [{ name: "cpu", nominalQuota: 100 }, { name: "memory", nominalQuota: "1Ti" }, { name: "nvidia.com/gpu", nominalQuota: 4 }] }],
    }],
  } },
];
