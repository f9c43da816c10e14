import { describe, expect, it } from "vitest";
import { type ResultsPlace, runSpec } from "../images/runner/src/runSpec.ts";
import { ConfigError } from "../components/config/problem.ts";
import { isAllowed, type World } from "./networkEvaluator.ts";
import { inClear, type Recording, revealed } from "./record.ts";
import { envFile, recordStack, SENTINELS } from "./stacks.ts";
import { envOf, placesOf } from "./fixtures.ts";

/** What of a stack outlives it, and who gets at it. */
const NAMESPACE = "results-rewardlab-dev";
const S3 = { kind: "s3", endpoint: "https://s3.test:9443", region: "eu-1", bucket: "my-results", prefix: "lab" } as const;
const S3_KEYS = { ...SENTINELS, S3_ACCESS_KEY_ID: "sentinel-s3-id", S3_SECRET_ACCESS_KEY: "sentinel-s3-secret" };
const kept = ({ resources }: Recording) => resources.filter(({ parent }) => parent?.type === "rewardlab:results:Store");
const runContainer = ({ of }: Recording) => of("kubernetes:batch/v1:Job")[0]!.inputs["spec"].template.spec.containers[0];
const placeOf = ({ of }: Recording): ResultsPlace | undefined =>
  of("kubernetes:core/v1:ConfigMap").flatMap(({ inputs }) => (inputs["data"]?.["run.json"] ? [runSpec.parse(JSON.parse(inputs["data"]["run.json"])).results] : []))[0];

describe("results on a claim", () => {
  it("are in a namespace of their own at the restricted level, every object of which a teardown leaves and the next update takes over", async () => {
    const recording = await recordStack("dev");
    expect(kept(recording).map(({ type }) => type.split(":").at(-1)).sort()).toEqual(["Deployment", "Namespace", "NetworkPolicy", "NetworkPolicy", "PersistentVolumeClaim", "Secret", "Service"]);
    for (const { name, inputs, options, deletedWith, provider } of kept(recording)) {
      expect([options.retainOnDelete, deletedWith], name).toEqual([true, undefined]);
      expect([inputs["metadata"].namespace ?? inputs["metadata"].name, inputs["metadata"].labels["rewardlab.dev/stack"]], name).toEqual([NAMESPACE, "dev"]);
      expect(inputs["metadata"].annotations["pulumi.com/patchFieldManager"], name).toBe("rewardlab-results");
      expect(provider, name).toContain("::kept::");
    }
    expect(recording.one("kubernetes:core/v1:Namespace", "results-namespace").inputs["metadata"].labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    expect(recording.resources.filter(({ type, inputs }) => type === "pulumi:providers:kubernetes" && inputs["upsertExistingObjects"]).map(({ name }) => name)).toEqual(["kept"]);
  });

  it("are held by a store with the claim and its key as a file, and by nothing else", async () => {
    const recording = await recordStack("dev", { results: { kind: "claim", size: "7Gi", storageClass: "fast" } });
    expect(recording.one("kubernetes:core/v1:PersistentVolumeClaim").inputs["spec"]).toEqual({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "7Gi" } }, storageClassName: "fast" });
    const pod = recording.one("kubernetes:apps/v1:Deployment", "results-deployment").inputs["spec"].template.spec;
    expect(placesOf(pod)).toMatchObject({ "/results": { persistentVolumeClaim: { claimName: "results" } }, "/keys": { secret: { secretName: "store" }, readOnly: true } });
    expect(placeOf(recording)).toEqual({ kind: "store", url: "http://store.results-rewardlab-dev.svc:8003" });
    expect(envOf(runContainer(recording))["RESULTS_API_KEY"]).toEqual({ secretKeyRef: { name: "rewardlab-env", key: "RESULTS_API_KEY" } });
  });

  it("are opened by a key that is made from the stack's, is the same at the next update, and is in clear nowhere", async () => {
    const keyOf = (recording: Recording) => [["env-secret", "rewardlab-env"], ["results-key", "store"]].map(([name]) =>
      revealed(recording.one("kubernetes:core/v1:Secret", name).inputs).stringData.RESULTS_API_KEY as string);
    const [first, again, other] = [await recordStack("dev"), await recordStack("dev"), await recordStack("dev", { envFile: envFile({ ...SENTINELS, SYNTH_API_KEY: "sentinel-rotated" }) })];
    const [key, inStore] = keyOf(first);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect([inStore, keyOf(again)[0]]).toEqual([key, key]);
    expect(keyOf(other)[0]).not.toBe(key);
    expect(JSON.stringify(first.resources.map(({ inputs }) => inClear(inputs)))).not.toContain(key);
  });

  it("are reached by the stack's own runs on one port, and by nobody else; the store reaches nothing", async () => {
    const recording = await recordStack("dev");
    const world: World = {
      policies: recording.of("kubernetes:networking.k8s.io/v1:NetworkPolicy").map(({ inputs: { metadata, spec } }) => ({ namespace: metadata.namespace, spec })),
      namespaces: Object.fromEntries(["rewardlab-dev", "rewardlab-other", NAMESPACE, "default"].map((name) => [name, { "kubernetes.io/metadata.name": name }])),
    };
    const pod = (namespace: string, part: string) => ({ namespace, labels: { "rewardlab.dev/part": part }, ip: "10.1.0.5" });
    const store = pod(NAMESPACE, "store");
    const can = (from: ReturnType<typeof pod>, port = 8003) => isAllowed(world, { from, to: store, port, protocol: "TCP" });
    expect([can(pod("rewardlab-dev", "run")), can(pod("rewardlab-dev", "run"), 8002)]).toEqual([true, false]);
    for (const part of ["task-app", "vllm", "trainer", "stranger"]) expect(can(pod("rewardlab-dev", part)), part).toBe(false);
    for (const namespace of ["rewardlab-other", NAMESPACE, "default"]) expect(can(pod(namespace, "run")), namespace).toBe(false);
    // Also where the stack's own walls would let others out.
    const walls = { ...world, policies: world.policies.filter(({ namespace }) => namespace === NAMESPACE) };
    for (const part of ["task-app", "vllm", "trainer", "stranger"]) expect(isAllowed(walls, { from: pod("rewardlab-dev", part), to: store, port: 8003, protocol: "TCP" }), part).toBe(false);
    expect(isAllowed(world, { from: store, to: { ip: "203.0.113.7" }, port: 443, protocol: "TCP" })).toBe(false);
  });
});

describe("results in a bucket", () => {
  it("need no namespace; runs get the bucket's keys and its way out, nobody else does", async () => {
    const recording = await recordStack("local", { results: S3, envFile: envFile(S3_KEYS) });
    expect([kept(recording), placeOf(recording)]).toEqual([[], S3]);
    for (const name of ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"]) {
      expect(envOf(runContainer(recording))[name]).toEqual({ secretKeyRef: { name: "rewardlab-env", key: name } });
    }
    for (const { name, inputs } of recording.of("kubernetes:apps/v1:Deployment")) expect(JSON.stringify(inputs), name).not.toContain("S3_");
    const ports = (part: string) => recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", `network-${part}`).inputs["spec"].egress.flatMap((rule: any) => rule.ports.map(({ port }: any) => port));
    expect([ports("run").includes(9443), ports("task-app").includes(9443), ports("run").includes(8003)]).toEqual([true, false, false]);
  });

  it("ask for both keys where they are used, all at once, and for none elsewhere", async () => {
    const refusal = await recordStack("local", { results: S3 }).then(() => expect.unreachable(), (error: ConfigError) => error);
    expect(refusal.problems.map(({ path, write }) => [path, write])).toEqual(["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"].map((name) => [name, `Write ${name}=... (a key that may read and write in the bucket my-results)`]));
  });
});

it("kept nowhere, runs have no key for a place and no way to one; a claim without an image for its store is refused", async () => {
  const recording = await recordStack("local");
  expect([placeOf(recording), kept(recording), envOf(runContainer(recording))["RESULTS_API_KEY"]]).toEqual([undefined, [], undefined]);
  const { images } = (await import("./stacks.ts")).stackConfig("dev");
  const { store: _, ...without } = images;
  await expect(recordStack("dev", { images: { ...without, store: null } })).rejects.toThrow(/images\.store/);
});
