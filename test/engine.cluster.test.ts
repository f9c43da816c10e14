import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accessTo } from "../collect/access.ts";
import { collectUsage } from "../collect/usage.ts";
import { PROJECT_ROOT } from "../components/settings.ts";
import program from "../index.ts";
import { runStack, type StackResult } from "../local/engine/runStack.ts";
import { engineIn } from "../local/engine/testEngine.ts";
import { patchPodStatus } from "../local/providers/testPodStatus.ts";
import { markReady } from "./markReady.ts";
import { EMBEDDED_OVERLAY, envFile, SENTINELS } from "./stacks.ts";
import { startControlPlane } from "../local/providers/testControlPlane.ts";
import { controllerOf } from "./pairController.ts";
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
    images: { registry: "registry.test/rewardlab", taskApp: image, runner: image, pairController: image, trainer: image, vllm: image },
    envFile: envFile(),
    experiments: CONFIGS.map((name) => ({ config: join(configs, name) })),
  };
  kubelet = setInterval(() => void markReady(core).catch(() => {}), 500);
});
afterAll(async () => {
  clearInterval(kubelet);
  await plane.stop();
});

type Operation = "up" | "preview" | "destroy";
const engine = (operation: Operation, change: Record<string, unknown> = {}, { stackName = "local", onEvent = (_: EngineEvent) => {} } = {}): Promise<StackResult> => runStack({
  ...engineIn(plane.folder, plane.binaries.pulumi), operation, program: () => program({ ...overlay, ...change }), stackName, onEvent,
  projectFile: join(PROJECT_ROOT, "Pulumi.yaml"), stackConfigFile: join(PROJECT_ROOT, "Pulumi.local.yaml"), policyPack: join(PROJECT_ROOT, "policy"),
});

const stateFile = () => readFileSync(join(plane.folder, "backend", ".pulumi", "stacks", "rewardlab", "local.json"), "utf8");
/** What the engine would do for a change: `operation type name`, of all resources that would not stay the same. */
async function planned(change: Record<string, unknown>): Promise<string[]> {
  const operations = new Set<string>();
  await engine("preview", change, {
    onEvent: ({ resourcePreEvent: event }) => {
      if (event === undefined || ["same", "read"].includes(event.metadata.op)) return;
      const [type, name] = event.metadata.urn.split("::").slice(-2);
      // Of a replacement the engine tells the three steps too.
      operations.add(`${event.metadata.op.replace(/^(create|delete)-replace.*/, "replace")} ${type!.split("$").at(-1)} ${name}`);
    },
  });
  return [...operations].sort();
}
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const JOB = "kubernetes:batch/v1:Job";
const changed = ({ changes }: StackResult) => Object.fromEntries(Object.entries(changes).filter(([kind]) => kind !== "same"));

it("refuses what its policies forbid, with resource, rule and remedy, and makes nothing of it", async () => {
  const forbidden = { images: { ...overlay["images"], runner: { reference: "registry.test/runner:1" } }, vllm: { env: { NOTE: `hf_${"a1B2".repeat(9)}` } } };
  const refusal = await engine("preview", forbidden).then(() => expect.unreachable(), (error: Error & { exitCode: number }) => error);
  expect(refusal.exitCode).toBe(78);
  expect(refusal.message).toMatch(/^4 violations of the stack's policies \(docs\/guard-rails\.md\); nothing was changed$/m);
  expect(refusal.message).toMatch(/Job crafter-rl-outcome: images-by-digest: spec\.template\.spec\.containers\[0\] has the image registry\.test\/runner:1, .*Write name@sha256/);
  expect(refusal.message).toMatch(/Deployment pair-0-vllm-deployment: no-secret-literals: spec.* holds a token of .*Write the value into the env file/);
  await expect(core.readNamespace({ name: NAMESPACE })).rejects.toMatchObject({ code: 404 });
});

it("comes up from nothing, and a second time there is nothing to do", async () => {
  const first = await engine("up");
  expect(Object.keys(changed(first))).toEqual(["create"]);
  expect(first.outputs["namespace"]).toBe(NAMESPACE);
  expect(changed(await engine("up"))).toEqual({});
});

it("previews no change where there is none", async () => {
  expect(changed(await engine("preview"))).toEqual({});
});

it("refuses another cluster than its own, however it got into the kubeconfig, and changes nothing there", async () => {
  const own = (await core.readNamespace({ name: "kube-system" })).metadata!.uid!;
  const other = await startControlPlane();
  try {
    const kubeconfig = join(plane.folder, "other-kubeconfig");
    writeFileSync(kubeconfig, other.kubeconfig, { mode: 0o600 });
    const elsewhere = { cluster: { kubeconfig, identifier: "test" } };
    const refusal = await engine("preview", elsewhere).then(() => "accepted", (error: Error) => error.message);
    expect(refusal).toMatch(new RegExp(`is another cluster \\(its kube-system has the UID .*\\) than the one that this stack is on \\(${own}\\)`));
    await expect(other.config.makeApiClient(CoreV1Api).readNamespace({ name: NAMESPACE })).rejects.toMatchObject({ code: 404 });
  } finally {
    await other.stop();
  }
  expect(changed(await engine("preview"))).toEqual({});
  const unreachable = await engine("preview", { cluster: { kubeconfig: join(plane.folder, "other-kubeconfig"), identifier: "test" } }).then(() => "accepted", (error: Error) => error.message);
  expect(unreachable).toMatch(/can't be reached|no answer from/);
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

it("plans to replace exactly one run when its attempt is raised", async () => {
  const [first, second, third] = overlay["experiments"];
  expect(await planned({ experiments: [first, { ...second, attempt: 2 }, third] }))
    .toEqual([JOB, CONFIG_MAP].map((type) => `replace ${type} crafter-rl-stepwise-simple${type === JOB ? "" : "-spec"}`));
});

it("plans to replace exactly one run when its overrides change, under the name that it has", async () => {
  const [first, second, third] = overlay["experiments"];
  expect(await planned({ experiments: [first, second, { ...third, name: "crafter-rl-stepwise-shaped", overrides: { rewardWeights: { collect_wood: 9 } } }] }))
    .toEqual([JOB, CONFIG_MAP].map((type) => `replace ${type} crafter-rl-stepwise-shaped${type === JOB ? "" : "-spec"}`));
});

it("plans nothing but new runs for a sweep beside the others, where the server has room for it", async () => {
  const plan = await planned({ experiments: [...overlay["experiments"], { ...overlay["experiments"][0], name: "s", matrix: { seed: [1, 2] } }], placement: { perPair: 3 }, gpu: { ...overlay["gpu"], nodeCount: 2 } });
  // The namespace says how many GPUs the stack may have, and the pair controller is told of the node and the pair that are more.
  expect(plan.filter((operation) => !operation.startsWith("create ") && !/Namespace|pair-controller/.test(operation))).toEqual([]);
  expect(plan.filter((operation) => operation.startsWith(`create ${JOB} `))).toEqual([`create ${JOB} s-seed1`, `create ${JOB} s-seed2`]);
});

it("plans to touch no run when the pool's label changes", async () => {
  const plan = await planned({ gpu: { ...overlay["gpu"], labels: { "rewardlab.dev/gpu-pool": "renamed" } } });
  expect(plan.filter((operation) => operation.includes(JOB) || operation.includes(CONFIG_MAP))).toEqual([]);
  expect(plan).not.toEqual([]);
});

it("gives runs that go on a new deadline and tells them so, and starts none again", async () => {
  const before = await jobs();
  expect(await planned({ deadlineMinutes: 90 })).toEqual([
    `replace ${CONFIG_MAP} budget-config`,
    ...["outcome", "stepwise-shaped", "stepwise-simple"].map((run) => `update ${JOB} crafter-rl-${run}`),
    "update kubernetes:core/v1:Namespace stack-namespace",
  ]);
  await engine("up", { deadlineMinutes: 90 });
  expect(await jobs()).toEqual(before);
  const { output } = await plane.kubectl(["-n", NAMESPACE, "get", "jobs", "-o", "jsonpath={.items[*].spec.activeDeadlineSeconds}"]);
  expect(output).toBe("5400 5400 5400");
  const budget = await core.readNamespacedConfigMap({ namespace: NAMESPACE, name: "rewardlab-budget" });
  expect(JSON.parse(budget.data!["budget.json"]!)).toEqual({ version: 1, seconds: 5400, limit: "deadlineMinutes" });
  await engine("up");
});

it("is billed by what its objects say: the GPUs of each pod, the pair of each Job, the quote of the namespace", async () => {
  const { quote, pods, jobs } = await collectUsage(accessTo(plane.config, NAMESPACE), new Date());
  expect(quote).toEqual({ prices: null, nodeHours: 1.5, cost: null });
  expect(pods.map(({ part, pair, gpus }) => [part, pair, gpus]).sort()).toEqual([["trainer", "pair-0", 1], ["vllm", "pair-0", 1]]);
  expect(jobs.map(({ run, pair }) => [run, pair]).sort()).toEqual(["outcome", "stepwise-shaped", "stepwise-simple"].map((run) => [`crafter-rl-${run}`, "pair-0"]));
});

it("gives GPUs back when a pair's runs have ended: no update takes them back, a changed config does, and the bill knows of both", async () => {
  const controller = await controllerOf(plane, NAMESPACE);
  await controller.until("runs are let through", async () => (await runPods()).every(({ spec }) => !spec!.schedulingGates?.length));
  await succeed();
  await controller.until("no pod of the pair is left", async () => (await replicas()).join() === "0,0" && (await pairPods()) === 0);
  const { pods, jobs } = await collectUsage(accessTo(plane.config, NAMESPACE), new Date());
  expect(pods.map(({ part, to }) => [part, to === null])).toEqual(expect.arrayContaining([["trainer", false], ["vllm", false]]));
  expect(jobs.map(({ to }) => to === null)).toEqual([false, false, false]);

  expect(changed(await engine("up"))).toEqual({});
  const relabelled = { gpu: { ...overlay["gpu"], labels: { "rewardlab.dev/gpu-pool": "renamed" } } };
  expect(Object.keys(changed(await engine("up", relabelled)))).toEqual(["update"]);
  await controller.round();
  expect([await replicas(), await pairPods()]).toEqual([["0", "0"], 0]);
  await engine("up");

  const path = overlay["experiments"][1].config;
  writeFileSync(path, readFileSync(path, "utf8").replace("step_rewards_indicator_lambda = 2.0", "step_rewards_indicator_lambda = 3.0"));
  expect(changed(await engine("up"))).toEqual({ replace: 2 });
  await controller.until("the pair is back, and its new run let through", async () =>
    (await replicas()).join() === "1,1" && (await runPods()).some(({ status, spec }) => status?.phase === "Pending" && !spec!.schedulingGates?.length));
  expect((await collectUsage(accessTo(plane.config, NAMESPACE), new Date())).pods.filter(({ part }) => part === "vllm").length).toBeGreaterThan(1);
});

it("makes a second stack of the same settings beside the first, with no object in common", async () => {
  const before = await objectsOf("local");
  // Nodes have one owner: the second stack takes nodes that are labelled already.
  const copied = { gpu: { ...overlay["gpu"], nodes: [] } };
  await engine("up", copied, { stackName: "exp-7" });
  const second = await objectsOf("exp-7");
  expect([second.length, second.filter((uid) => before.includes(uid))]).toEqual([before.length, []]);
  expect(await objectsOf("local")).toEqual(before);
  await engine("destroy", copied, { stackName: "exp-7" });
  expect([await objectsOf("exp-7"), await objectsOf("local")]).toEqual([[], before]);
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

/** Uids of everything of a stack that is in the cluster, whatever its namespace. */
async function objectsOf(stack: string): Promise<string[]> {
  const kinds = "namespaces,deployments,services,secrets,configmaps,jobs,networkpolicies,persistentvolumeclaims,resourcequotas,priorityclasses";
  const { output } = await plane.kubectl(["get", kinds, "--all-namespaces", "-l", `rewardlab.dev/stack=${stack}`, "-o", "jsonpath={.items[*].metadata.uid}"]);
  return output.split(" ").filter(Boolean).sort();
}

async function jobs(): Promise<string[]> {
  const { output } = await plane.kubectl(["-n", NAMESPACE, "get", "jobs", "-o", "jsonpath={.items[*].metadata.name}"]);
  return output.split(" ").sort();
}

const runPods = async () => (await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "rewardlab.dev/part=run" })).items;
const pairPods = async () => (await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: "rewardlab.dev/pair" })).items.length;

async function replicas(): Promise<string[]> {
  const { output } = await plane.kubectl(["-n", NAMESPACE, "get", "deployments", "-l", "rewardlab.dev/pair", "-o", "jsonpath={.items[*].spec.replicas}"]);
  return output.split(" ");
}

/** Every pod of a run ends well; the Job controller, which is the real one, then ends the Jobs. */
async function succeed(): Promise<void> {
  for (const pod of await runPods()) await patchPodStatus(core, pod, { phase: "Succeeded" });
}
