import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, BatchV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterInventory } from "../cli/clusterInventory.ts";
import { isUnsaved, savedObjects } from "../cli/unsavedObjects.ts";
import { LABEL, namespaceOf } from "../components/names.ts";
import { BORROWED_TAINTS } from "../components/nodePool/gpu.ts";
import { processesWith } from "../local/cluster/strays.ts";
import { sendSignal } from "../local/signal.ts";
import { fleetConfig, PER_PAIR } from "./bench/fleetStack.ts";
import { CliProcess, environmentWithCaches } from "./cliProcess.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { controllerOf } from "./pairController.ts";
import { stackFileText } from "./stacks.ts";

/** A stack whose state is saved at the end, on nodes that kwok plays: the real engine and API server, and no run ever ends. */
const EXPERIMENTS = 60;
const STACK = "large";
const NODES = Array.from({ length: EXPERIMENTS / PER_PAIR }, (_, index) => `gpu-${String(index).padStart(2, "0")}`);
const namespace = namespaceOf(STACK);

let fleet: Fleet;
let cli: CliProcess;
let folder: string;
/** Jobs of the update that was killed. */
let killedJobs: string[];
let controlling: Promise<void> | undefined;

beforeAll(async () => {
  fleet = await startFleet();
  await fleet.addNode({ name: "cpu", gpus: 0, cpu: 1024, pods: 1000, taints: [], labels: { "rewardlab.dev/gpu-pool": "none" } });
  for (const name of NODES) await fleet.addNode({ name, gpus: 2, taints: [] });
  cli = new CliProcess(environmentWithCaches(fleet.folder, fleet.kubeconfigFile));
  folder = join(fleet.folder, "cli", "rewardlab", "contexts", STACK);
  cli.copyProject();
  const { results: _, ...config } = fleetConfig(EXPERIMENTS) as Record<string, any>;
  const settings = { ...config, gpu: { ...config["gpu"], nodes: NODES, nodeCount: NODES.length } };
  writeFileSync(cli.inProject(`Pulumi.${STACK}.yaml`), stackFileText(settings));
});
afterAll(async () => {
  controlled.abort();
  await controlling;
  cli?.remove();
  await fleet?.stop();
});

const target = ["--context", "test", "--stack", STACK];
const stateFile = () => join(folder, "pulumi", ".pulumi", "stacks", "rewardlab", `${STACK}.json`);
const jobs = async () => (await fleet.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace })).items.map(({ metadata }) => ({ name: metadata!.name!, uid: metadata!.uid! }));
const taints = async () => (await fleet.core.listNode()).items.flatMap(({ spec }) => spec!.taints ?? []).filter(({ key, value }) => BORROWED_TAINTS.some((ours) => ours.key === key && ours.value === value));

/** The pair controller's program at work, once there are all pairs: they wait for it at their gate, and a run for its pair. */
const controlled = new AbortController();
async function control(): Promise<void> {
  while (!controlled.signal.aborted) {
    // None while there is no controller in the cluster, or none of the stack any more.
    const controller = await controllerOf(fleet, namespace).catch(() => undefined);
    await controller?.round().catch(() => undefined);
    await sleep(500);
  }
}

/**
 * Ends a command and its engine as a machine does that loses power. The engine goes first, since one that lives on would save
 * what it has; the command stands still meanwhile, so that it does not hear of that.
 */
async function kill({ child, ended }: ReturnType<CliProcess["begin"]>): Promise<void> {
  child.kill("SIGSTOP");
  for (const { pid } of processesWith(`PULUMI_HOME=${join(folder, "engine", "home")}`)) sendSignal(pid, "SIGKILL");
  child.kill("SIGKILL");
  expect((await ended).status).toBe(null);
}

it("an update that is killed has saved nothing of what it made, and is known to have been killed", async () => {
  const up = cli.begin("up", ...target);
  // All are waited for at once, and nobody opens a gate yet: with fewer hands than servers some would not be there.
  const servers = async () => (await fleet.config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace, labelSelector: LABEL.pair })).items.length;
  await expect.poll(servers, { timeout: 120_000 }).toBe(2 * NODES.length);
  controlling = control();
  await expect.poll(() => jobs().then(({ length }) => length), { timeout: 120_000, interval: 50 }).toBeGreaterThan(5);
  await kill(up);
  killedJobs = (await jobs()).map(({ uid }) => uid);
  expect(killedJobs.length).toBeGreaterThan(5);
  expect(killedJobs.length).toBeLessThan(EXPERIMENTS);
  expect(savedObjects(stateFile()).size).toBe(0);
  expect(readdirSync(join(folder, "engine"))).toContain("unsaved-update");
});

it("the next update takes away what the killed one made, and makes each run once", async () => {
  const { status, stderr } = await cli.run("up", ...target);
  expect(status, stderr.split("\n").slice(-40).join("\n")).toBe(0);
  expect(Number(/killed before its state was saved; objects that it made, and that are removed now: (\d+)/.exec(stderr)?.[1])).toBeGreaterThan(killedJobs.length);

  const now = await jobs();
  expect(now).toHaveLength(EXPERIMENTS);
  expect(now.filter(({ uid }) => killedJobs.includes(uid))).toEqual([]);
  const saved = savedObjects(stateFile());
  const { left } = await clusterInventory(fleet.config, STACK);
  expect(left.filter((held) => isUnsaved(held, STACK, saved)).map(({ kind, name }) => `${kind} ${name}`)).toEqual([]);
  expect(await taints()).toHaveLength(NODES.length);
  expect(readdirSync(join(folder, "engine"))).not.toContain("unsaved-update");
  expect([...saved].filter((object) => object.startsWith("Job "))).toHaveLength(EXPERIMENTS);
});

it("a teardown after a kill takes away what the state does not know, taints too", async () => {
  // A change of every run: its replacements are what a kill leaves unknown.
  cli.spoil(`Pulumi.${STACK}.yaml`, "name: fleet", "name: fleet\n      attempt: 2");
  const known = new Set((await jobs()).map(({ uid }) => uid));
  const up = cli.begin("up", ...target);
  await expect.poll(async () => (await jobs()).filter(({ uid }) => !known.has(uid)).length, { timeout: 180_000, interval: 50 }).toBeGreaterThan(3);
  await kill(up);

  const { status, stderr } = await cli.run("start", "--clean", ...target);
  expect(status, stderr.split("\n").slice(-40).join("\n")).toBe(0);
  expect(stderr).toContain("killed before its state was saved");
  await expect(fleet.core.readNamespace({ name: namespace })).rejects.toMatchObject({ code: 404 });
  expect(await taints()).toEqual([]);
  const { left } = await clusterInventory(fleet.config, STACK);
  expect(left).toEqual([]);
});
