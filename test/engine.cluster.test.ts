import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PROJECT_ROOT } from "../components/settings.ts";
import program from "../index.ts";
import { runStack, type StackResult } from "../local/engine/runStack.ts";
import { EMBEDDED_OVERLAY, envFile, SENTINELS } from "./stacks.ts";
import { startTestPlane, type TestPlane } from "./testPlane.ts";

/** The whole program, run by the real engine on a real control plane. No kubelet is there: the test says that pods are ready. */
const CONFIGS = ["outcome", "stepwise_simple", "stepwise_shaped"].map((name) => `crafter_rl_${name}.toml`);
const NAMESPACE = "rewardlab-local";

let plane: TestPlane;
let core: CoreV1Api;
let kubelet: NodeJS.Timeout;
let overlay: Record<string, any>;

beforeAll(async () => {
  plane = await startTestPlane();
  core = plane.config.makeApiClient(CoreV1Api);
  await core.createNode({ body: { metadata: { name: "rewardlab-0" } } });
  await plane.kubectl(["taint", "node", "rewardlab-0", "node.kubernetes.io/not-ready-"]);
  const configs = join(plane.folder, "configs");
  mkdirSync(configs);
  for (const name of CONFIGS) writeFileSync(join(configs, name), readFileSync(join(PROJECT_ROOT, "configs", name)));
  const image = { reference: `registry.test/image@sha256:${"0".repeat(64)}` };
  overlay = {
    ...EMBEDDED_OVERLAY,
    cluster: { kubeconfig: plane.kubeconfigFile, identifier: "test" },
    images: { registry: "registry.test/rewardlab", taskApp: image, runner: image, trainer: image, vllm: image },
    envFile: envFile(),
    experiments: CONFIGS.map((name) => ({ config: join(configs, name) })),
  };
  kubelet = setInterval(() => void markReady().catch(() => {}), 500);
});
afterAll(async () => {
  clearInterval(kubelet);
  await plane.stop();
});

/** Every pod of a server becomes ready; those of runs stay as they are. */
async function markReady(): Promise<void> {
  const { items } = await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "rewardlab.dev/part!=run" });
  for (const pod of items.filter(({ status }) => status?.phase === "Pending")) {
    const status = { ...pod.status, phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    await core.replaceNamespacedPodStatus({ namespace: NAMESPACE, name: pod.metadata!.name!, body: { ...pod, status } });
  }
}

const engine = (operation: "up" | "preview" | "destroy", change: Record<string, unknown> = {}): Promise<StackResult> => runStack({
  operation, program: () => program({ ...overlay, ...change }), projectName: "rewardlab", stackName: "local", rootDir: PROJECT_ROOT,
  workDir: join(plane.folder, "work"), backendDir: join(plane.folder, "state"), passphraseFile: join(plane.folder, "passphrase"),
  projectFile: join(PROJECT_ROOT, "Pulumi.yaml"), stackConfigFile: join(PROJECT_ROOT, "Pulumi.local.yaml"),
  pulumiBinary: plane.binaries.pulumi, node: process.execPath, officialPlugins: join(plane.folder, "none"),
  progress: () => {}, signal: new AbortController().signal,
});

const stateFile = () => readFileSync(join(plane.folder, "state", ".pulumi", "stacks", "rewardlab", "local.json"), "utf8");
const changed = ({ changes }: StackResult) => Object.fromEntries(Object.entries(changes).filter(([kind]) => kind !== "same"));

it("comes up from nothing, and a second time there is nothing to do", async () => {
  const first = await engine("up");
  expect(Object.keys(changed(first))).toEqual(["create"]);
  expect(first.outputs["namespace"]).toBe(NAMESPACE);
  expect(changed(await engine("up"))).toEqual({});
});

it("previews no change where there is none", async () => {
  expect(changed(await engine("preview"))).toEqual({});
});

it("keeps no secret in clear in its state", () => {
  const state = stateFile();
  for (const value of Object.values(SENTINELS)) {
    expect(state.includes(value)).toBe(false);
    expect(state.includes(Buffer.from(value).toString("base64"))).toBe(false);
  }
});

it("replaces exactly one Job and its spec when one TOML changes", async () => {
  const path = overlay["experiments"][1].config;
  const before = await jobs();
  writeFileSync(path, readFileSync(path, "utf8").replace("step_rewards_indicator_lambda = 1.0", "step_rewards_indicator_lambda = 2.0"));
  expect(changed(await engine("up"))).toEqual({ replace: 2 });
  const after = await jobs();
  expect(after.filter((name) => !before.includes(name))).toEqual([expect.stringMatching(/^crafter-rl-stepwise-simple-/)]);
  expect(after).toHaveLength(3);
});

it("updates the Secret in place when a key is rotated, and touches nothing else", async () => {
  const before = await jobs();
  expect(changed(await engine("up", { envFile: envFile({ ...SENTINELS, SYNTH_API_KEY: "sentinel-rotated" }) }))).toEqual({ update: 1 });
  expect(await jobs()).toEqual(before);
});

it("leaves nothing behind: no namespace, no label, no taint", async () => {
  await engine("destroy");
  await expect(core.readNamespace({ name: NAMESPACE })).rejects.toMatchObject({ code: 404 });
  const { metadata, spec } = await core.readNode({ name: "rewardlab-0" });
  expect([metadata?.labels?.["rewardlab.dev/gpu-pool"], spec?.taints?.filter(({ key }) => key === "nvidia.com/gpu") ?? []]).toEqual([undefined, []]);
  const { items } = await plane.config.makeApiClient(AppsV1Api).listDeploymentForAllNamespaces({ labelSelector: "rewardlab.dev/stack=local" });
  expect(items).toEqual([]);
});

async function jobs(): Promise<string[]> {
  const { output } = await plane.kubectl(["-n", NAMESPACE, "get", "jobs", "-o", "jsonpath={.items[*].metadata.name}"]);
  return output.split(" ").sort();
}
