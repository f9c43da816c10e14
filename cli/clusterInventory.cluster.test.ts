import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { LABEL, nodeLabelOf } from "../components/names.ts";
import { startTestPlane, type TestPlane } from "../test/testPlane.ts";
import { clusterInventory } from "./clusterInventory.ts";
import { leftoverText, removalOf } from "./leftover.ts";

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
