import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { LABEL, nodeLabelOf } from "../components/names.ts";
import { startTestPlane, type TestPlane } from "../test/testPlane.ts";
import { clusterInventory } from "./clusterInventory.ts";
import { leftoverText, removalOf } from "./leftover.ts";
import { releaseTaints } from "./nodeTaints.ts";
import { removeUnsaved } from "./unsavedObjects.ts";

/** What a real API server still holds of a stack, and whether the commands that are named remove it. */
let plane: TestPlane;
const labels = { [LABEL.stack]: "dev" };
const namespace = "rewardlab-dev";
const object = (apiVersion: string, kind: string, metadata: object, rest: object = {}) => ({ apiVersion, kind, metadata, ...rest });
const apply = async (manifest: object) => {
  const { ok, output } = await plane.kubectl(["create"], manifest);
  if (!ok) throw new Error(output);
};
const held = async () => (await clusterInventory(plane.config, "dev")).left.map(leftoverText);

beforeAll(async () => { plane = await startTestPlane(); });
afterAll(() => plane.stop());

it("has nothing to say of a cluster that never saw the stack", async () => {
  expect(await clusterInventory(plane.config, "dev")).toEqual({ left: [], unseen: [] });
});

it("finds what is labelled, in every namespace and in none, of built-in and of custom kinds; borrowed nodes and volumes too", async () => {
  await apply(object("v1", "Node", { name: "gpu-0", labels: { [nodeLabelOf("dev")]: "true" } }));
  await apply(object("v1", "Node", { name: "gpu-1", labels: { [nodeLabelOf("other")]: "true" } }));
  await apply(object("v1", "ConfigMap", { name: "astray", namespace: "default", labels }));
  await apply(object("v1", "ConfigMap", { name: "of-another", namespace: "default", labels: { [LABEL.stack]: "other" } }));
  await apply(object("scheduling.k8s.io/v1", "PriorityClass", { name: "dev-runs", labels }, { value: 1 }));
  await apply(object("v1", "PersistentVolume", { name: "volume-0" }, {
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], persistentVolumeReclaimPolicy: "Retain", hostPath: { path: "/nowhere" }, claimRef: { namespace, name: "results" } },
  }));
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  await apply(object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { name: "pools.example.com" }, {
    spec: { group: "example.com", scope: "Cluster", names: { plural: "pools", singular: "pool", kind: "Pool" }, versions: [{ name: "v1", served: true, storage: true, schema }] },
  }));
  await vi.waitFor(() => apply(object("example.com/v1", "Pool", { name: "h100", labels })), { timeout: 30_000, interval: 500 });
  expect(await held()).toEqual(["ConfigMap default/astray", "Node gpu-0", "PersistentVolume volume-0", "Pool h100", "PriorityClass dev-runs"]);
});

it("a taint that outlived its stack, since the controller manager changed the list meanwhile, is taken off; nothing else of any node is", async () => {
  const kubectl = async (args: string[], manifest?: object) => {
    const { ok, output } = await plane.kubectl(args, manifest);
    if (!ok) throw new Error(output);
  };
  const taintsOf = async (name: string) => (await plane.config.makeApiClient(CoreV1Api).readNode({ name })).spec?.taints?.flatMap(({ key, value }) => (key.startsWith("node.kubernetes.io/") ? [] : [`${key}=${value}`])).sort();
  const ours = [{ key: "nvidia.com/gpu", value: "rewardlab", effect: "NoSchedule" }];
  await kubectl(["create"], object("v1", "Node", { name: "used", labels: { [nodeLabelOf("other")]: "true" } }, { spec: { taints: ours } }));
  await kubectl(["create"], object("v1", "Node", { name: "left" }));
  // A new node has a taint of its own for a while, on which the first apply would founder.
  const stack = ["apply", "--server-side", "--field-manager=stack", "--force-conflicts"];
  await kubectl(stack, object("v1", "Node", { name: "left", labels: { [nodeLabelOf("dev")]: "true" } }, { spec: { taints: ours } }));
  await kubectl(["taint", "node", "left", "team=a:NoSchedule"]);
  await kubectl(stack, object("v1", "Node", { name: "left" }));
  expect(await taintsOf("left")).toEqual(["nvidia.com/gpu=rewardlab", "team=a"]);
  const lines: string[] = [];
  await releaseTaints(plane.config, { line: (text) => void lines.push(text) });
  expect(lines).toEqual(["node left: took off nvidia.com/gpu=rewardlab:NoSchedule, which had outlived its stack"]);
  expect([await taintsOf("left"), await taintsOf("used")]).toEqual([["team=a"], ["nvidia.com/gpu=rewardlab"]]);
  await kubectl(["delete", "node", "left", "used"]);
});

it("finds what holds up the end of the namespace, labelled or not, with its finalizers", async () => {
  await apply(object("v1", "Namespace", { name: namespace, labels }));
  await apply(object("v1", "ConfigMap", { name: "stuck", namespace, finalizers: ["example.com/hold"] }));
  await plane.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  await vi.waitFor(async () => expect((await held()).filter((line) => line.includes(namespace)))
    .toEqual([`ConfigMap ${namespace}/stuck (deleted, and waits for example.com/hold)`, `Namespace ${namespace}`]), { timeout: 30_000, interval: 500 });
});

it("names commands after which nothing is left, and nobody else's has gone", async () => {
  const { left } = await clusterInventory(plane.config, "dev");
  expect(left.length).toBe(7);
  const ordered = [...left].sort((a, b) => Number(a.namespace === undefined) - Number(b.namespace === undefined));
  // kubectl remembers the API in the home folder otherwise.
  const env = { ...process.env, KUBECACHEDIR: join(plane.folder, "cache") };
  for (const each of ordered) await promisify(execFile)("sh", ["-c", removalOf(each, "dev", `${plane.binaries.kubectl} --kubeconfig ${plane.kubeconfigFile}`)], { env });
  await vi.waitFor(async () => expect(await held()).toEqual([]), { timeout: 30_000, interval: 500 });
  const core = plane.config.makeApiClient(CoreV1Api);
  expect((await core.listNode()).items.map(({ metadata }) => metadata!.name)).toEqual(["gpu-0", "gpu-1"]);
  expect((await core.readNamespacedConfigMap({ namespace: "default", name: "of-another" })).metadata!.name).toBe("of-another");
});

it("what a killed update made and no state knows is removed; what the state knows stays, and what is another stack's", async () => {
  await apply(object("v1", "Namespace", { name: "rewardlab-dev", labels }));
  await apply(object("v1", "Node", { name: "gpu-2", labels: { [nodeLabelOf("dev")]: "true", [nodeLabelOf("other")]: "true" } }));
  await apply(object("scheduling.k8s.io/v1", "PriorityClass", { name: "dev-more", labels }, { value: 2 }));
  for (const [name, of] of [["saved", labels], ["made", labels], ["others", { [LABEL.stack]: "other" }]] as const) await apply(object("v1", "ConfigMap", { name, namespace, labels: of }));
  const lines: string[] = [];
  await removeUnsaved(plane.config, "dev", new Set(["Namespace rewardlab-dev", `ConfigMap ${namespace}/saved`]), { line: (text) => void lines.push(text) });
  expect(lines).toEqual([expect.stringMatching(/objects that it made, and that are removed now: 3$/)]);
  expect(await held()).toEqual([`ConfigMap ${namespace}/saved`, "Namespace rewardlab-dev"]);
  const core = plane.config.makeApiClient(CoreV1Api);
  expect((await core.readNode({ name: "gpu-2" })).metadata!.labels).toEqual({ [nodeLabelOf("other")]: "true" });
  expect((await core.readNamespacedConfigMap({ name: "others", namespace })).metadata!.name).toBe("others");
  await removeUnsaved(plane.config, "dev", new Set(), { line: () => undefined });
  expect(await held()).toEqual([]);
});
