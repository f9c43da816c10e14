import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { GPU } from "../components/gpuNodePool.ts";
import { startTestPlane, type TestPlane } from "./testPlane.ts";

export const NAMESPACE = "rewardlab-dev";

export interface FakeNode {
  name: string;
  gpus: number;
  /** Cores; the scheduler prefers the node with most of them free. */
  cpu?: number;
  /** Most pods on it. */
  pods?: number;
  product?: string;
  labels?: Record<string, string>;
  taints?: readonly { key: string; value: string; effect: string }[];
}

/** A real control plane and scheduler over nodes that kwok plays: pods are placed as on a real fleet, and "run" without a program. */
export interface Fleet extends TestPlane {
  core: CoreV1Api;
  addNode: (node: FakeNode) => Promise<void>;
  create: (pod: V1Pod) => Promise<unknown>;
  pods: () => Promise<V1Pod[]>;
  /** Waits until the scheduler has placed a pod, or said why it can't, for each of the namespace's pods; node by pod name. */
  placed: () => Promise<Record<string, string | undefined>>;
  /** Waits until so many pods have a node; throws what the others wait for. */
  untilPlaced: (count: number) => Promise<Record<string, string | undefined>>;
  clear: () => Promise<void>;
}

/** What kwok does to an object that matches: it writes this into its status. */
const stage = (name: string, kind: string, matchExpressions: object[], status: object) => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1", kind: "Stage", metadata: { name },
  spec: { resourceRef: { apiGroup: "v1", kind }, selector: { matchExpressions }, next: { statusTemplate: JSON.stringify(status).replaceAll('"NOW"', "{{ Now | Quote }}") } },
});
const readyCondition = { type: "Ready", status: "True", reason: "Faked", lastTransitionTime: "NOW" };
const STAGES = [
  stage("node-ready", "Node", [{ key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: "NotIn", values: ["True"] }],
    { conditions: [{ ...readyCondition, lastHeartbeatTime: "NOW" }] }),
  stage("pod-running", "Pod", [{ key: ".status.phase", operator: "In", values: ["Pending"] }, { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" }], { phase: "Running", startTime: "NOW", conditions: [readyCondition] }),
  // As a kubelet does: a pod that is to go is gone, and the Job controller has nothing more to count of it.
  { apiVersion: "kwok.x-k8s.io/v1alpha1", kind: "Stage", metadata: { name: "pod-gone" },
    spec: { resourceRef: { apiGroup: "v1", kind: "Pod" }, selector: { matchExpressions: [{ key: ".metadata.deletionTimestamp", operator: "Exists" }] }, next: { finalizers: { empty: true }, delete: true } } },
];

export async function startFleet(): Promise<Fleet> {
  const plane = await startTestPlane({ scheduler: true });
  const [config, log] = [join(plane.folder, "kwok.yaml"), join(plane.folder, "kwok.log")];
  writeFileSync(config, STAGES.map((each) => JSON.stringify(each)).join("\n---\n"));
  const output = openSync(log, "a");
  const kwok = spawn(plane.binaries.kwok, ["--config", config, "--kubeconfig", plane.kubeconfigFile, "--manage-all-nodes"], { stdio: ["ignore", output, output] });
  const core = plane.config.makeApiClient(CoreV1Api);
  await plane.createNamespace(NAMESPACE);
  const pods = async () => (await core.listNamespacedPod({ namespace: NAMESPACE })).items;
  const nodes = (all: V1Pod[]) => Object.fromEntries(all.map(({ metadata, spec }) => [metadata!.name!, spec!.nodeName]));
  const until = async (done: (all: V1Pod[]) => boolean) => {
    for (let tries = 0; tries < 1200; tries++) {
      const all = await pods();
      if (done(all)) return nodes(all);
      await sleep(50);
    }
    throw new Error(`not placed within a minute:\n${(await pods()).filter(({ spec }) => !spec!.nodeName).map((pod) => `${pod.metadata!.name}: ${refusalOf(pod)}`).join("\n")}`);
  };
  return {
    ...plane, core, pods,
    addNode: (node) => addNode(plane, core, node).catch((error: Error) => {
      throw new Error(`${error.message}; kwok said:\n${readFileSync(log, "utf8").slice(-2000)}`);
    }),
    create: (pod) => core.createNamespacedPod({ namespace: NAMESPACE, body: pod }),
    placed: () => until((all) => all.every((pod) => pod.spec!.nodeName ?? refusalOf(pod))),
    untilPlaced: (count) => until((all) => all.filter(({ spec }) => spec!.nodeName).length >= count),
    clear: async () => {
      await core.deleteCollectionNamespacedPod({ namespace: NAMESPACE, gracePeriodSeconds: 0 });
      await until((all) => all.length === 0);
    },
    stop: async () => {
      await end(kwok);
      await plane.stop();
    },
  };
}

/** Why the scheduler has not placed a pod. */
export function refusalOf({ status }: V1Pod): string | undefined {
  return status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False")?.message;
}

async function addNode({ kubectl }: TestPlane, core: CoreV1Api, { name, gpus, cpu = 64, pods = 50, product = "NVIDIA-H100-NVL", labels = {}, taints = [{ ...GPU.taint }] }: FakeNode): Promise<void> {
  const room = { cpu: String(cpu), memory: "1024Gi", pods: String(pods), [GPU.resource]: String(gpus) };
  await core.createNode({ body: {
    metadata: { name, labels: { "rewardlab.dev/gpu-pool": "h100x2", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", [GPU.productLabel]: product, ...labels } },
    spec: { taints: [...taints] },
    status: { capacity: room, allocatable: room },
  } });
  // As the node controller does when a node gets ready.
  await kubectl(["taint", "node", name, "node.kubernetes.io/not-ready-"]);
  for (let tries = 0; tries < 600; tries++) {
    const { spec, status } = await core.readNode({ name });
    const ready = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
    if (ready && !spec?.taints?.some(({ key }) => key.startsWith("node.kubernetes.io/"))) return;
    await sleep(100);
  }
  throw new Error(`node ${name} did not get ready`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  await ended;
}
