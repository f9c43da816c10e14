import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { LABEL, namespaceOf } from "../../components/names.ts";
import { PROJECT_ROOT } from "../../components/settings.ts";
import program from "../../index.ts";
import { runStack, type StackOperation } from "../../local/engine/runStack.ts";
import { engineIn } from "../../local/engine/testEngine.ts";
import type { StateSaving } from "../../local/engine/stateSaving.ts";
import { type Fleet, refusalOf, startFleet } from "../fleet.ts";
import { controllerOf } from "../pairController.ts";
import { record } from "../record.ts";
import { stackFileText } from "../stacks.ts";
import { fleetConfig, manifestsOf, NODES } from "./fleetStack.ts";

/** Namespaces are fresh ones: each way of making the objects has a stack of its own. */
const STACKS = { apply: "fleet-apply", up: "fleet-up", dev: "fleet-dev" } as const;
const SKIP_AWAIT = "pulumi.com/skipAwait";
const CONCURRENT = 8;

/** A fleet as large as the stack needs it: nodes with two GPUs each, and one for what needs no GPU. */
export async function startNodes(progress: (text: string) => void): Promise<Fleet> {
  const fleet = await startFleet();
  const names = Array.from({ length: NODES }, (_, index) => `gpu-${String(index).padStart(3, "0")}`);
  progress(`fleet: ${NODES} nodes that kwok plays`);
  await fleet.addNode({ name: "cpu", gpus: 0, cpu: 1024, pods: 1000, taints: [], labels: { "rewardlab.dev/gpu-pool": "none" } });
  for (let first = 0; first < names.length; first += CONCURRENT) {
    await Promise.all(names.slice(first, first + CONCURRENT).map((name) => fleet.addNode({ name, gpus: 2 })));
  }
  return fleet;
}

/**
 * The program, with every object marked as one that is not waited for. kubectl waits for none either, so that both ways are done when
 * the API server has everything.
 */
async function programWithoutWaiting(kubeconfig: string): Promise<unknown> {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => (/^kubernetes:(apps\/v1:Deployment|core\/v1:Service)$/.test(type)
    ? { opts, props: { ...props, metadata: { ...props["metadata"], annotations: { ...props["metadata"].annotations, [SKIP_AWAIT]: "true" } } } } : undefined));
  return program({ cluster: { kubeconfig, identifier: "fleet" } });
}

/** Seconds of the real engine with the stand-in provider: from the call until everything is made. */
async function engineSeconds(fleet: Fleet, stack: string, operation: StackOperation, experiments: number, { policies = false, stateSaving = "each step" as StateSaving } = {}): Promise<number> {
  const stackConfigFile = join(fleet.folder, `Pulumi.${stack}.yaml`);
  writeFileSync(stackConfigFile, stackFileText(fleetConfig(experiments)));
  const { seconds } = await runStack({
    ...engineIn(fleet.folder, fleet.binaries.pulumi), operation, program: () => programWithoutWaiting(fleet.kubeconfigFile) as Promise<any>, stackName: stack, stateSaving,
    projectFile: join(PROJECT_ROOT, "Pulumi.yaml"), stackConfigFile,
    ...(policies && { policyPack: join(PROJECT_ROOT, "policy") }),
  });
  return seconds;
}

/** Seconds of one `kubectl apply --server-side -f FILE` with the same objects. */
async function applySeconds(fleet: Fleet, experiments: number): Promise<{ seconds: number; objects: number }> {
  const config = fleetConfig(experiments);
  const objects = manifestsOf(await record(() => programWithoutWaiting(fleet.kubeconfigFile), { stack: STACKS.apply, config }));
  const file = join(fleet.folder, "objects.json");
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  const start = performance.now();
  const { ok, output } = await fleet.kubectl(["apply", "--server-side", "--field-manager=rewardlab", "-f", file]);
  if (!ok) throw new Error(`kubectl apply failed: ${output.slice(-2000)}`);
  return { seconds: (performance.now() - start) / 1000, objects: objects.length };
}

/** Where the scheduler has put the pods of a stack. */
export interface Places {
  pods: number;
  /** Node by pair, of pairs with both members on one node. */
  pairs: ReadonlyMap<string, string>;
  /** What is not as the packing said. */
  problems: string[];
}

/** Compares pods with the packing: so many pairs, each whole on a node of its own; whatever has no GPU on a node without. Pure. */
export function placesOf(pods: readonly V1Pod[], wanted: { pairs: number; runs: number }): Places {
  const of = (pod: V1Pod, label: string) => pod.metadata!.labels?.[label];
  const problems = pods.filter(({ spec }) => !spec!.nodeName).map((pod) => `${pod.metadata!.name} has no node: ${refusalOf(pod) ?? "not looked at yet"}`);
  const members = Map.groupBy(pods.filter((pod) => of(pod, LABEL.pair)), (pod) => of(pod, LABEL.pair)!);
  const pairs = new Map<string, string>();
  for (const [pair, both] of members) {
    const nodes = [...new Set(both.map(({ spec }) => spec!.nodeName))];
    if (both.length === 2 && nodes.length === 1 && nodes[0]) pairs.set(pair, nodes[0]);
    else problems.push(`${pair} has ${both.length} members on ${nodes.join(", ")}`);
  }
  if (pairs.size !== wanted.pairs) problems.push(`${pairs.size} pairs have met, not ${wanted.pairs}`);
  if (new Set(pairs.values()).size !== pairs.size) problems.push("two pairs are on one node of two GPUs");
  const runs = pods.filter((pod) => of(pod, LABEL.run));
  if (runs.length !== wanted.runs) problems.push(`${runs.length} runs have a pod, not ${wanted.runs}`);
  const misplaced = pods.filter((pod) => !of(pod, LABEL.pair) && pod.spec!.nodeName && pod.spec!.nodeName !== "cpu");
  return { pods: pods.length, pairs, problems: [...problems, ...misplaced.map(({ metadata }) => `${metadata!.name} is on a GPU node`)] };
}

/**
 * Waits until every pod is where it belongs, with the pair controller at work in this process: pods wait at its gate. Gives up, with
 * what is still wrong, when nothing has changed for two minutes.
 */
async function untilPlaced(fleet: Fleet, stack: string, wanted: { pairs: number; runs: number }): Promise<Places> {
  const controller = await controllerOf(fleet, namespaceOf(stack));
  let [last, since] = ["", Date.now()];
  for (;;) {
    await controller.round();
    const places = placesOf((await fleet.core.listNamespacedPod({ namespace: namespaceOf(stack) })).items, wanted);
    const now = places.problems.join("\n");
    if (now !== last) [last, since] = [now, Date.now()];
    if (places.problems.length === 0 || Date.now() - since > 120_000) return places;
    await sleep(500);
  }
}

async function remove(fleet: Fleet, stack: string): Promise<void> {
  await fleet.kubectl(["delete", "namespace", namespaceOf(stack), "--wait=true", "--timeout=10m"]);
}

export interface FleetFacts {
  objects: number;
  applySeconds: number;
  upSeconds: number;
  previewSeconds: number;
  placeSeconds: number;
  places: Places;
}

/** Both ways of making a stack, one after the other on one API server, each in an empty namespace on an empty fleet. */
export async function measureFleet(experiments: number, perPair: number, stateSaving: StateSaving, progress: (text: string) => void): Promise<FleetFacts> {
  const fleet = await startNodes(progress);
  const wanted = { pairs: Math.ceil(experiments / perPair), runs: experiments };
  try {
    progress("fleet: preview of three experiments");
    // The first of two fills the caches of engine and Node, as the verb before it would have.
    await engineSeconds(fleet, STACKS.dev, "preview", 3, { policies: true });
    const previewSeconds = await engineSeconds(fleet, STACKS.dev, "preview", 3, { policies: true });
    progress(`fleet: kubectl apply of ${experiments} experiments`);
    const apply = await applySeconds(fleet, experiments);
    await untilPlaced(fleet, STACKS.apply, wanted);
    await remove(fleet, STACKS.apply);
    progress(`fleet: up of ${experiments} experiments`);
    const upSeconds = await engineSeconds(fleet, STACKS.up, "up", experiments, { stateSaving });
    const start = performance.now();
    const places = await untilPlaced(fleet, STACKS.up, wanted);
    return { objects: apply.objects, applySeconds: apply.seconds, upSeconds, previewSeconds, places, placeSeconds: (performance.now() - start) / 1000 };
  } finally {
    await fleet.stop();
  }
}
