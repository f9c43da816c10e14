import { beforeAll, describe, expect, it } from "vitest";
import program from "../index.ts";
import { placesOf } from "./fixtures.ts";
import { record, type Recording, revealed } from "./record.ts";
import { envFile, recordStack, stackConfig } from "./stacks.ts";

/** Where a pair's files are, by the stack's settings. */
/** Claims of the stack's pairs; that of its results is no pair's. */
const claimsOf = ({ of }: Recording) => of("kubernetes:core/v1:PersistentVolumeClaim").map(({ inputs }) => revealed(inputs)).filter(({ metadata }) => metadata.labels["rewardlab.dev/pair"]);
const volume = { kind: "claim", size: "20Gi", storageClass: "fast" } as const;
const podOf = ({ one }: Recording, member: string, pair = "pair-0") => one("kubernetes:apps/v1:Deployment", `${pair}-${member}-deployment`).inputs["spec"].template.spec;
const levelOf = ({ one }: Recording) => one("kubernetes:core/v1:Namespace", "stack-namespace").inputs["metadata"].labels["pod-security.kubernetes.io/enforce"];
const hostPaths = (pod: any) => pod.volumes.filter(({ hostPath }: any) => hostPath).map(({ name }: any) => name);

describe("adapters and model cache on claims", () => {
  let recording: Recording;
  beforeAll(async () => { recording = await recordStack("dev", { adapters: volume, model: { cache: { kind: "claim", size: "60Gi" } }, placement: "dedicated", gpu: { nodeCount: 3 } }); });

  it("are two claims a pair, each of one node, in the stack's namespace and with its labels", () => {
    const claims = claimsOf(recording);
    expect(claims.map(({ metadata, spec }) => [metadata.name, spec.accessModes, spec.resources.requests.storage, spec.storageClassName])).toEqual([0, 1, 2].flatMap((pair) => [
      [`pair-${pair}-adapters`, ["ReadWriteOnce"], "20Gi", "fast"], [`pair-${pair}-models`, ["ReadWriteOnce"], "60Gi", undefined],
    ]));
    for (const { metadata } of claims) expect([metadata.namespace, metadata.labels["rewardlab.dev/pair"]]).toEqual(["rewardlab-dev", metadata.name.slice(0, 6)]);
  });

  it("are mounted in both pods where the folders were, adapters in the server read-only", () => {
    const [trainer, vllm] = [placesOf(podOf(recording, "trainer", "pair-1")), placesOf(podOf(recording, "vllm", "pair-1"))];
    expect([trainer["/adapters"], vllm["/adapters"]]).toEqual([false, true].map((readOnly) => ({ persistentVolumeClaim: { claimName: "pair-1-adapters" }, readOnly })));
    expect([trainer["/models/cache"], vllm["/models/cache"]]).toEqual([1, 2].map(() => ({ persistentVolumeClaim: { claimName: "pair-1-models" }, readOnly: false })));
  });

  it("leave nothing of the node in a pod and nobody root: the volumes are given to the pod's group", () => {
    for (const member of ["vllm", "trainer"]) {
      const pod = podOf(recording, member);
      expect(hostPaths(pod)).toEqual([]);
      expect(pod.initContainers.map(({ name }: any) => name)).toEqual(["preflight"]);
      expect(pod.securityContext).toMatchObject({ fsGroup: 1000, fsGroupChangePolicy: "OnRootMismatch" });
    }
    expect(levelOf(recording)).toBe("restricted");
  });

  it("are there before the pods that mount them", () => {
    for (const type of ["rewardlab:serving:VllmServer", "rewardlab:training:LoraTrainer"]) {
      for (const { name, dependsOn } of recording.of(type)) expect(dependsOn).toContain(`rewardlab:gpu:PairClaims ${name.slice(0, 6)}`);
    }
  });
});

describe("the level that the namespace enforces", () => {
  it.each([
    ["adapters are on the node", { model: { ...stackConfig("dev")["model"], cache: volume } }, ["adapters"]],
    ["the model cache is", { adapters: volume }, ["model-cache"]],
    ["the model is", { adapters: volume, model: { ...stackConfig("dev")["model"], source: { kind: "directory", path: "/models/qwen3-4b" }, cache: volume } }, ["model"]],
    ["all are, as it is by default", {}, ["model-cache", "adapters"]],
  ])("is privileged where %s", async (_where, change, onNode) => {
    // As a stack file says it: laid over a file, a source would keep the keys of the other kind.
    const recording = await record(() => program({ envFile: envFile() }), { config: { ...stackConfig("dev"), ...change } });
    expect([levelOf(recording), hostPaths(podOf(recording, "trainer"))]).toEqual(["privileged", onNode]);
  });
});

it("makes no claim for what is on the node", async () => {
  expect(claimsOf(await recordStack("dev"))).toEqual([]);
});

it("refuses a claim without a size, or with one that no volume has", async () => {
  const refusal = (adapters: object) => recordStack("dev", { adapters }).then(() => "accepted", (error: Error) => error.message);
  expect(await refusal({ kind: "claim" })).toMatch(/adapters\.size: is missing/);
  expect(await refusal({ kind: "claim", size: "20 GB" })).toMatch(/adapters\.size: .*for example 20Gi/);
});
