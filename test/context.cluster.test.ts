import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BORROWED_TAINTS } from "../components/nodePool/gpu.ts";
import { certificatesOfEnvironment, folders, PROJECT_ROOT } from "../components/settings.ts";
import { cleanCluster, startCluster } from "../local/cluster/cluster.ts";
import { startSupplies, stopEmbedded, type Supplies } from "../local/embedded.ts";
import { REGISTRY } from "../local/images/baseImages.ts";
import { ensureToolchain } from "../local/toolchain/toolchain.ts";
import { report as reportSchema } from "../report/schema.ts";
import { CliProcess, type Ended, environmentWithCaches } from "./cliProcess.ts";
import { closedRegistry } from "./closedRegistry.ts";
import { stackConfig, stackFileText } from "./stacks.ts";
import { startTestPlane, type TestPlane } from "./testPlane.ts";

/**
 * A cluster that the command line did not start: a real node with a registry, whose owner is this test. Beside it a control
 * plane with a node elsewhere, so that there is another cluster to be taken for it.
 */
const { cacheDir } = folders();
const stateDir = mkdtempSync(join(tmpdir(), "rewardlab-foreign-"));
const kubeconfig = join(stateDir, "kubeconfig");
const ctx = { progress: (line: string) => console.log(line), signal: new AbortController().signal };
const NODE = "rewardlab-0";
const STACK = "small";

let cli: CliProcess;
let core: CoreV1Api;
let other: TestPlane;

beforeAll(async () => {
  const toolchain = await ensureToolchain({ cacheDir, progress: ctx.progress });
  const cluster = await startCluster({ cacheDir, stateDir, toolchain, registryAddress: REGISTRY, gpus: 2, ...ctx });
  const options = { root: PROJECT_ROOT, cacheDir, stateDir, secretKeys: [], certificates: certificatesOfEnvironment() };
  const supplies = await startSupplies(options, ctx, (_part, _what, work) => work());
  other = await startTestPlane();
  await other.config.makeApiClient(CoreV1Api).createNode({ body: { metadata: { name: "far" } } });
  await other.config.makeApiClient(CoreV1Api).patchNodeStatus({
    name: "far", body: [{ op: "add", path: "/status/addresses", value: [{ type: "InternalIP", address: "192.0.2.1" }] }],
  });

  const ours = new KubeConfig();
  ours.loadFromFile(cluster.kubeconfig);
  core = ours.makeApiClient(CoreV1Api);
  writeFileSync(kubeconfig, contexts({ foreign: ours, other: other.config }), { mode: 0o600 });
  cli = new CliProcess(environmentWithCaches(stateDir, kubeconfig));
  cli.copyProject();
  writeFileSync(cli.inProject(".env"), "SYNTH_API_KEY=sentinel-synth\nENVIRONMENT_API_KEY=sentinel-environment\n");
  writeFileSync(cli.inProject(`Pulumi.${STACK}.yaml`), stackFile(supplies));
  await makeVolume();
});
afterAll(async () => {
  await other?.stop();
  await stopEmbedded({ root: PROJECT_ROOT, cacheDir, stateDir, secretKeys: [] }, ctx);
  await cleanCluster({ cacheDir, stateDir, progress: ctx.progress });
  cli?.remove();
  rmSync(stateDir, { recursive: true, force: true });
});

/** A kubeconfig with these clusters under these names. */
function contexts(named: Record<string, KubeConfig>): string {
  const each = (make: (name: string, config: ReturnType<typeof parsed>) => object) =>
    Object.entries(named).map(([name, config]) => ({ name, ...make(name, parsed(config)) }));
  const parsed = (config: KubeConfig) => JSON.parse(config.exportConfig()) as { clusters: { cluster: object }[]; users: { user: object }[] };
  return JSON.stringify({
    apiVersion: "v1", kind: "Config",
    clusters: each((_name, config) => ({ cluster: config.clusters[0]!.cluster })), users: each((_name, config) => ({ user: config.users[0]!.user })),
    contexts: each((name) => ({ context: { cluster: name, user: name } })),
  });
}

/** A stack file as its user would write it: one config, two iterations, images and model that this cluster's node can reach. */
function stackFile({ registry, dockerHost, baseImage, buildImage, mlBaseImage, modelPath }: Supplies): string {
  const local = stackConfig("local");
  const config = {
    ...local,
    hostRoot: join(stateDir, "node"),
    gpu: { ...local["gpu"], nodes: [NODE] },
    images: {
      ...local["images"], registry: `${registry}/small`, dockerHost, vllm: { reference: mlBaseImage },
      taskApp: { base: mlBaseImage }, trainer: { base: mlBaseImage }, runner: { base: baseImage, buildArgs: { BUILD_IMAGE: buildImage } }, store: { base: baseImage },
      pairController: { base: baseImage, buildArgs: { BUILD_IMAGE: buildImage } },
    },
    model: { ...local["model"], source: { kind: "directory", path: modelPath } },
    results: { kind: "claim", size: "1Gi" },
    experiments: [{ config: "configs/crafter_rl_stepwise_shaped.toml" }],
    // Eight groups: with fewer a run may find equal rewards in all of them, train nothing, and rightly fail.
    run: { ...local["run"], iterations: 2, batchSize: 4, groupSize: 4, maxTurns: 10, evaluationSeeds: 4 },
  };
  // Keys of a state elsewhere, as `pulumi stack init` writes them.
  return `encryptionsalt: v1:elsewhere\n${stackFileText(config)}`;
}

const untilGone = (name: string) => expect.poll(() => core.readNamespace({ name }).then(() => "there", ({ code }: { code: number }) => code), { timeout: 60_000 }).toBe(404);

/** A volume for the stack's results, as an administrator makes one by hand where no storage class does; it goes with its claim. */
async function makeVolume(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "rewardlab-volume-"));
  chownSync(path, 1000, 1000);
  await core.createPersistentVolume({ body: {
    metadata: { generateName: "results-" },
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], persistentVolumeReclaimPolicy: "Delete", hostPath: { path } },
  } });
}

const start = (context: string, ...more: string[]): Promise<Ended> => cli.run("start", "--context", context, ...more);
const recorded = () => join(stateDir, "cli", "rewardlab", "contexts", STACK);
const nodeNow = async () => {
  const { metadata, spec, status } = await core.readNode({ name: NODE });
  return { labels: metadata!.labels, taints: spec!.taints ?? [], capacity: status!.capacity };
};

function expectRefusal({ status, stderr }: Ended, ...parts: string[]): void {
  for (const part of parts) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(status, stderr).toBe(78);
}

it("refuses the stack local where no node is this machine, and a pool that the cluster does not have; nothing is made", async () => {
  expectRefusal(await start("other"), "no node of context \"other\" is this machine", `--context other --stack NAME`);
  expectRefusal(await start("other", "--stack", STACK), `gpu.nodes names ${NODE}, which the cluster does not have; its nodes: far`);
  expect(existsSync(join(stateDir, "cli"))).toBe(false);
});

it("refuses a stack whose registry takes no push, before it is asked for anything else", async () => {
  using registry = await closedRegistry();
  writeFileSync(cli.inProject("Pulumi.closed.yaml"), readFileSync(cli.inProject(`Pulumi.${STACK}.yaml`), "utf8").replace(/registry: \S+/, `registry: ${registry.address}/lab`));
  expectRefusal(await cli.run("preview", "--context", "foreign", "--stack", "closed"), `the registry refuses a push to ${registry.address}/lab/task-app: it answers 403`, "Nothing was changed.");
  expect(existsSync(join(stateDir, "cli"))).toBe(false);
});

it("previews a stack and leaves nothing of the look", async () => {
  const { status, stdout, stderr } = await cli.run("preview", "--context", "foreign", "--stack", STACK, "--json");
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout).changes.create).toBeGreaterThan(15);
  expect(existsSync(recorded())).toBe(false);
});

it("brings a stack up, and never takes it to another cluster or loses the way back", async () => {
  const before = await nodeNow();
  const { status, stdout, stderr } = await cli.run("up", "--context", "foreign", "--stack", STACK);
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout).namespace).toBe(`rewardlab-${STACK}`);
  expect(stderr).toContain(`npx rewardlab down --context foreign --stack ${STACK}`);
  // Labels and a taint for the time of the stack; what a node says of itself is not ours to change.
  expect((await nodeNow()).capacity).toEqual(before.capacity);

  for (const verb of ["up", "down"]) {
    expectRefusal(await cli.run(verb, "--context", "other", "--stack", STACK), "is on another cluster", `npm start -- --context foreign --stack ${STACK} --clean`);
  }
  expectRefusal(await cli.run("start", "--clean"), `Stack "${STACK}" is up on context "foreign"`);
  expect(readFileSync(join(recorded(), "cluster.json"), "utf8")).toContain("foreign");
  const state = readFileSync(join(recorded(), "pulumi", ".pulumi", "stacks", "rewardlab", `${STACK}.json`), "utf8");
  for (const secret of ["sentinel-synth", "sentinel-environment", "client-key-data"]) expect(state.includes(secret), secret).toBe(false);
});

it("goes on from what is up: runs, report, adapters, teardown, and the cluster is as it was", async () => {
  const { metadata } = await core.readNamespace({ name: "kube-system" });
  const { status, stdout, stderr } = await start("foreign", "--stack", STACK, "--json");
  expect(status, stderr.split("\n").slice(-40).join("\n")).toBe(0);
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(report).toMatchObject({ stack: STACK, inventoryAfter: [], runs: [{ state: "finished", iterations: 2 }] });
  expect(report.runs[0]!.adapterVersions).toHaveLength(3);
  expect([report.runs[0]!.adapter!.version, report.runs[0]!.warnings]).toEqual([2, []]);
  // Nothing of the cluster's own making took time: it was there.
  expect(Object.keys(report.phases).sort()).toEqual(["down", "report", "runs", "toolchain", "up"]);

  expect((await core.readNamespace({ name: "kube-system" })).metadata!.uid).toBe(metadata!.uid);
  await expect(core.readNamespace({ name: `rewardlab-${STACK}` })).rejects.toMatchObject({ code: 404 });
  const { labels, taints, capacity } = await nodeNow();
  expect(capacity).toMatchObject({ "nvidia.com/gpu": "2" });
  expect(Object.keys(labels!).filter((key) => key.includes("rewardlab.dev"))).toEqual([]);
  expect(taints).toEqual([]);
  expect(existsSync(recorded())).toBe(false);
});

it("gives the results of a stack that was deleted behind its back to whoever collects them, and then gives up their claim", async () => {
  await makeVolume();
  const up = await cli.run("up", "--context", "foreign", "--stack", STACK);
  expect(up.status, up.stderr).toBe(0);
  expect((await cli.run("watch", "--context", "foreign", "--stack", STACK)).status).toBe(0);
  await core.deleteNamespace({ name: `rewardlab-${STACK}` });
  await untilGone(`rewardlab-${STACK}`);

  const { status, stdout, stderr } = await cli.run("collect", "--context", "foreign", "--stack", STACK, "--json");
  expect(status, stderr).toBe(0);
  const [run] = reportSchema.parse(JSON.parse(stdout)).runs;
  expect([run!.state, run!.iterations, run!.adapter!.version, run!.warnings]).toEqual(["finished", 2, 2, []]);
  const folder = /results: \d+ files of 1 run in (\S+), each with its digest/.exec(stderr)![1]!;
  expect(readdirSync(join(folder, run!.name)).sort()).toEqual(["adapter", "checkpoint", "events.jsonl", "log", "log.txt", "run.json", "seals", "traces"]);
  expect(stderr).toContain(`namespace results-rewardlab-${STACK} is removed`);
  await expect(core.readNamespace({ name: `results-rewardlab-${STACK}` })).rejects.toMatchObject({ code: 404 });
  expect((await core.listPersistentVolume()).items).toEqual([]);
  const clean = await start("foreign", "--stack", STACK, "--clean");
  expect(clean.status, clean.stderr).toBe(0);
});

it("finds what a lost state has left behind, and says how to remove it", async () => {
  const name = `rewardlab-${STACK}`;
  await core.createNamespace({ body: { metadata: { name, labels: { "rewardlab.dev/stack": STACK } } } });
  const [taint] = BORROWED_TAINTS;
  const patch = [{ op: "add", path: "/spec/taints", value: [taint] }];
  await core.patchNode({ name: NODE, body: patch }, setHeaderOptions("Content-Type", PatchStrategy.JsonPatch));
  const { status, stderr } = await start("foreign", "--stack", STACK, "--clean");
  expect(status).toBe(1);
  expect(stderr).toContain(`Namespace ${name}`);
  expect(stderr).toMatch(/kubectl --context foreign delete namespaces? rewardlab-small/);
  expect((await nodeNow()).taints).toEqual([]);
  await core.deleteNamespace({ name });
  await untilGone(name);
});
