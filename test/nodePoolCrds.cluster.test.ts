import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingKinds } from "../cli/poolKinds.ts";
import program from "../index.ts";
import { POOLS } from "./pools.ts";
import { CRD_MODULES } from "./publishedCrds.ts";
import { record } from "./record.ts";
import { envFile, stackConfig } from "./stacks.ts";
import { installCrds, startTestPlane, type TestPlane } from "./testPlane.ts";

/** The pool of a whole program, put before a real API server that has the definitions which Karpenter and its AWS provider publish. */
let api: TestPlane;
beforeAll(async () => { api = await startTestPlane(); });
afterAll(async () => api.stop());

const apply = (object: unknown) => api.kubectl(["apply", "--server-side", "--force-conflicts", "--validate=strict", "--field-manager=rewardlab"], object);

/** The custom resources that the program registers for a pool. */
async function objectsOf(gpu: object): Promise<any[]> {
  const { resources } = await record(() => program({ envFile: envFile() }), { stack: "dev", config: { ...stackConfig("dev"), gpu } });
  return resources.filter(({ parent }) => parent?.type === "rewardlab:gpu:NodePool").map(({ inputs }) => structuredClone(inputs));
}

it("a cluster that lacks the kinds of a pool is told from one that has them", async () => {
  expect(await missingKinds(api.config, { backend: "existing", queue: false })).toBeNull();
  expect(await missingKinds(api.config, { backend: "gke", queue: false })).toMatch(/gpu\.backend is gke, but the cluster knows no ComputeClass \(cloud\.google\.com\/v1\); GKE/);
  expect(await missingKinds(api.config, { backend: "karpenter-aws", queue: false })).toMatch(/no NodePool \(karpenter\.sh\/v1\) and no EC2NodeClass/);
});

describe("a cluster with Karpenter", () => {
  let pool: any;
  beforeAll(async () => {
    await installCrds(api, CRD_MODULES.karpenter);
    pool = (await objectsOf(POOLS.aks)).find(({ kind }) => kind === "NodePool");
  });

  it("accepts the NodePool for AKS, unknown fields being errors", async () => {
    expect(await apply(pool)).toMatchObject({ ok: true });
  });

  it("lets its capacity, life and size be changed in place", async () => {
    const changed = (await objectsOf({ ...POOLS.aks, capacity: ["on-demand"], nodeLifeMinutes: 600, nodeCount: 4, zones: ["eastus-1"] })).find(({ kind }) => kind === "NodePool");
    expect(await apply(changed)).toMatchObject({ ok: true });
    const { output } = await api.kubectl(["get", "nodepool", "rewardlab-dev", "-o", "json"]);
    expect(JSON.parse(output).spec).toMatchObject({ limits: { "nvidia.com/gpu": "8" }, template: { spec: { expireAfter: "600m" } } });
  });

  it.each([
    ["a field that does not exist", (spec: any) => { spec.template.spec.expireAftr = "1h"; }, /expireAftr/],
    ["a life that is no duration", (spec: any) => { spec.template.spec.expireAfter = "5 hours"; }, /expireAfter/],
    ["a label of Karpenter's own", (spec: any) => { spec.template.metadata.labels["karpenter.sh/mine"] = "x"; }, /karpenter\.sh/],
    ["a reason of a budget that it does not know", (spec: any) => { spec.disruption.budgets[0].reasons = ["Never"]; }, /reasons/],
  ])("refuses %s, so the tests above can fail", async (_what, breakIt, message) => {
    const wrong = structuredClone(pool);
    breakIt(wrong.spec);
    const { ok, output } = await apply(wrong);
    expect([ok, output]).toEqual([false, expect.stringMatching(message)]);
  });
});

describe("a cluster with Karpenter and its AWS provider", () => {
  let objects: any[];
  beforeAll(async () => {
    await installCrds(api, CRD_MODULES.aws);
    objects = await objectsOf(POOLS.aws);
  });

  it("has the kinds of its pool, and not those of AKS", async () => {
    expect(await missingKinds(api.config, { backend: "karpenter-aws", queue: false })).toBeNull();
    expect(await missingKinds(api.config, { backend: "karpenter-aks", queue: false })).toMatch(/no AKSNodeClass/);
  });

  it("accepts the NodePool and the EC2NodeClass, unknown fields being errors", async () => {
    expect(objects.map(({ kind }) => kind)).toEqual(["EC2NodeClass", "NodePool"]);
    await api.kubectl(["delete", "nodepool", "--all"]);
    for (const object of objects) expect(await apply(object)).toMatchObject({ ok: true });
  });

  it("refuses an image that is of no family it knows, so the test above can fail", async () => {
    const wrong = structuredClone(objects[0]);
    wrong.spec.amiSelectorTerms = [{ alias: "debian@v12" }];
    const { ok, output } = await apply(wrong);
    expect([ok, output]).toEqual([false, expect.stringContaining("family is not supported")]);
  });
});

it("a cluster without them refuses a ComputeClass: its definition is GKE's own, and is published nowhere", async () => {
  const [object] = await objectsOf(POOLS.gke);
  const { ok, output } = await apply(object);
  expect([ok, output]).toEqual([false, expect.stringMatching(/no matches for kind "ComputeClass"|ensure CRDs are installed/)]);
});
