import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterInventory } from "../cli/clusterInventory.ts";
import { leftoverLines } from "../cli/leftover.ts";
import { accessTo } from "../collect/access.ts";
import { hasNamespace, removeResults } from "../collect/removeResults.ts";
import { PROJECT_ROOT } from "../components/settings.ts";
import program from "../index.ts";
import { runStack, type StackResult } from "../local/engine/runStack.ts";
import { engineIn } from "../local/engine/testEngine.ts";
import { EMBEDDED_OVERLAY, envFile, SENTINELS } from "./stacks.ts";
import { markReady } from "./markReady.ts";
import { startTestPlane, type TestPlane } from "./testPlane.ts";

/** What a teardown leaves of a stack with results on a claim, by the real engine on a real control plane without a kubelet. */
const NAMESPACE = "results-rewardlab-local";
let plane: TestPlane;
let core: CoreV1Api;
let kubelet: NodeJS.Timeout;
let overlay: Record<string, unknown>;

beforeAll(async () => {
  plane = await startTestPlane();
  core = plane.config.makeApiClient(CoreV1Api);
  await core.createNode({ body: { metadata: { name: "rewardlab-0" } } });
  await plane.kubectl(["taint", "node", "rewardlab-0", "node.kubernetes.io/not-ready-"]);
  // As an administrator makes one where nothing provisions volumes; it goes on being there when its claim is gone.
  await plane.kubectl(["create"], { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "volume-0" }, spec: {
    capacity: { storage: "2Gi" }, accessModes: ["ReadWriteOnce"], persistentVolumeReclaimPolicy: "Retain", hostPath: { path: "/nowhere" },
  } });
  overlay = { ...EMBEDDED_OVERLAY, cluster: { kubeconfig: plane.kubeconfigFile, identifier: "test" }, images: images("0"), envFile: envFile(), results: { kind: "claim", size: "1Gi" } };
  mkdirSync(join(plane.folder, "work"));
  kubelet = setInterval(() => void markReady(core).catch(() => {}), 500);
});
afterAll(async () => {
  clearInterval(kubelet);
  await plane.stop();
});

function images(store: string) {
  const image = (digit: string) => ({ reference: `registry.test/image@sha256:${digit.repeat(64)}` });
  return { registry: "registry.test/rewardlab", taskApp: image("0"), runner: image("0"), pairController: image("0"), trainer: image("0"), vllm: image("0"), store: image(store) };
}
const engine = (operation: "up" | "preview" | "destroy", change: Record<string, unknown> = {}): Promise<StackResult> => runStack({
  ...engineIn(plane.folder, plane.binaries.pulumi), operation, program: () => program({ ...overlay, ...change }), stackName: "local", removeStack: operation === "destroy",
  projectFile: join(PROJECT_ROOT, "Pulumi.yaml"), stackConfigFile: join(PROJECT_ROOT, "Pulumi.local.yaml"), policyPack: join(PROJECT_ROOT, "policy"),
});
const changed = ({ changes }: StackResult) => Object.fromEntries(Object.entries(changes).filter(([kind]) => kind !== "same"));
const results = () => accessTo(plane.config, NAMESPACE);

/** Kind, name and UID of everything of the results. */
async function kept(): Promise<string[]> {
  const { output } = await plane.kubectl(["get", "namespaces,persistentvolumeclaims,deployments,services,secrets,networkpolicies", "--all-namespaces", "-l", "rewardlab.dev/part=store",
    "-o", 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}{"\\n"}{end}']);
  return output.trim().split("\n").filter(Boolean).sort();
}
const storeImage = async () => (await plane.kubectl(["-n", NAMESPACE, "get", "deployment", "store", "-o", "jsonpath={.spec.template.spec.containers[0].image}"])).output;
const keyInStore = async () => Buffer.from((await core.readNamespacedSecret({ namespace: NAMESPACE, name: "store" })).data!["RESULTS_API_KEY"]!, "base64").toString();

it("comes up with its store, and a second time there is nothing to do", async () => {
  expect(Object.keys(changed(await engine("up")))).toEqual(["create"]);
  expect((await kept()).map((line) => line.split(" ")[0])).toEqual(["Deployment/store", "Namespace/results-rewardlab-local", "NetworkPolicy/default-deny", "NetworkPolicy/store", "PersistentVolumeClaim/results", "Secret/store", "Service/store"]);
  expect(changed(await engine("up"))).toEqual({});
});

it("is destroyed, all but its results, which the inventory names with the one command that collects them", async () => {
  const before = await kept();
  await engine("destroy");
  expect(await hasNamespace(results(), "rewardlab-local")).toBe(false);
  expect(await kept()).toEqual(before);
  const { left } = await clusterInventory(plane.config, "local");
  expect(leftoverLines(left, "local", "kubectl").filter((line) => !line.startsWith("PersistentVolume "))).toEqual([
    `Namespace ${NAMESPACE}: rewardlab collect --stack local, which copies the results that are in it and then removes it`,
  ]);
});

it("comes up again over what is there, from an empty state: the same claim, with what is in it; what has changed meanwhile is changed", async () => {
  const [before, key] = [await kept(), await keyInStore()];
  const change = { images: images("1"), envFile: envFile({ ...SENTINELS, SYNTH_API_KEY: "sentinel-rotated" }) };
  expect(Object.keys(changed(await engine("up", change)))).toEqual(["create"]);
  expect(await kept()).toEqual(before);
  expect(await storeImage()).toBe(`registry.test/image@sha256:${"1".repeat(64)}`);
  expect(await keyInStore()).not.toBe(key);
  expect(changed(await engine("preview", change))).toEqual({});
  overlay = { ...overlay, ...change };
});

it("no longer wanted by the stack file, they stay in the cluster, and are had again when they are", async () => {
  const before = await kept();
  await engine("up", { results: undefined });
  expect(await kept()).toEqual(before);
  await engine("up");
  expect(await kept()).toEqual(before);
});

it("takes over nothing else that is in the cluster: the namespace of the stack itself must be its own", async () => {
  await engine("destroy");
  await plane.createNamespace("rewardlab-local");
  await expect(engine("up")).rejects.toThrow(/rewardlab-local.*already exists/s);
  await core.deleteNamespace({ name: "rewardlab-local" });
  await expect.poll(() => hasNamespace(results(), "rewardlab-local"), { timeout: 60_000 }).toBe(false);
  await engine("destroy");
});

it("is gone from the cluster once its results are removed, but for a volume that outlives its claim, which is named", async () => {
  await removeResults(results(), new AbortController().signal);
  expect(await kept()).toEqual([]);
  const { left } = await clusterInventory(plane.config, "local");
  expect(leftoverLines(left, "local", "kubectl")).toEqual(["PersistentVolume volume-0: kubectl delete persistentvolumes volume-0"]);
  await plane.kubectl(["delete", "persistentvolumes", "volume-0"]);
  await removeResults(results(), new AbortController().signal);
});
