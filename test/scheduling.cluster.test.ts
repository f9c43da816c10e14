import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { revealed } from "./record.ts";
import { recordStack } from "./stacks.ts";
import { startTestPlane, type TestPlane } from "./testPlane.ts";

/** Where a real scheduler puts a pair: two nodes of two GPUs, and a third with another card. */
let api: TestPlane;
let pods: any[];

beforeAll(async () => {
  api = await startTestPlane({ scheduler: true });
  for (const [name, product] of [["node-a", "NVIDIA-H100-NVL"], ["node-b", "NVIDIA-H100-80GB-HBM3"], ["node-c", "NVIDIA-T4"]] as const) {
    const labels = { "kubernetes.io/hostname": name, "rewardlab.dev/gpu-pool": "h100x2", "nvidia.com/gpu.product": product };
    const taints = [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }];
    await api.kubectl(["create"], { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: { taints } });
    await api.kubectl(["taint", "node", name, "node.kubernetes.io/not-ready-"]);
    const room = { cpu: "32", memory: "256Gi", pods: "50", "nvidia.com/gpu": "2" };
    const status = { capacity: room, allocatable: room, conditions: [{ type: "Ready", status: "True", reason: "Test", message: "", lastTransitionTime: "2026-01-01T00:00:00Z", lastHeartbeatTime: "2026-01-01T00:00:00Z" }] };
    await api.kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
  }
  await api.createNamespace("rewardlab-dev");
  const { of } = await recordStack("dev", { placement: "dedicated", gpu: { nodeCount: 3 } });
  // Pods whose turn it is: queue.cluster.test.ts has those that wait for it.
  pods = of("kubernetes:apps/v1:Deployment").map(({ inputs }) => {
    const { metadata, spec } = revealed(inputs);
    return { apiVersion: "v1", kind: "Pod", metadata: { ...spec.template.metadata, name: metadata.name, namespace: "rewardlab-dev" }, spec: { ...spec.template.spec, serviceAccountName: undefined, schedulingGates: undefined } };
  });
});
afterAll(async () => api.stop());

const create = async (name: string) => expect(await api.kubectl(["create"], pods.find(({ metadata }) => metadata.name === name))).toMatchObject({ ok: true });
const clear = () => api.kubectl(["-n", "rewardlab-dev", "delete", "pods", "--all", "--force", "--grace-period=0"]);

/** The node of a pod, or what the scheduler says, once it has looked at it. */
async function placeOf(name: string): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const { output } = await api.kubectl(["-n", "rewardlab-dev", "get", "pod", name, "-o", "json"]);
    const { spec, status } = JSON.parse(output);
    const refusal = status.conditions?.find(({ type, status }: any) => type === "PodScheduled" && status === "False");
    if (spec.nodeName ?? refusal) return spec.nodeName ?? refusal.message;
    await sleep(100);
  }
  return "not looked at";
}

it.each([["vllm", "trainer"], ["trainer", "vllm"]])("puts both on one node when the %s comes first", async (first, second) => {
  await create(`pair-0-${first}`);
  const node = await placeOf(`pair-0-${first}`);
  expect(["node-a", "node-b"]).toContain(node);
  await create(`pair-0-${second}`);
  expect(await placeOf(`pair-0-${second}`)).toBe(node);
  await clear();
});

it("keeps what asks for no GPU off the pool's nodes", async () => {
  await create("task-app");
  expect(await placeOf("task-app")).toMatch(/untolerated taint/);
  await clear();
});

it("puts a pair on no node with another card, however free it is", async () => {
  for (const member of ["pair-0-vllm", "pair-0-trainer", "pair-1-vllm", "pair-1-trainer"]) {
    await create(member);
    expect(["node-a", "node-b"]).toContain(await placeOf(member));
  }
  await create("pair-2-vllm");
  expect(await placeOf("pair-2-vllm")).toMatch(/0\/3 nodes are available/);
  await clear();
});
