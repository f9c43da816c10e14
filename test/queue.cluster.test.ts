import { BatchV1Api, type V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accessTo } from "../collect/access.ts";
import { listRunJobs } from "../collect/jobs.ts";
import { stopRuns } from "../collect/stopRuns.ts";
import { collectUsage } from "../collect/usage.ts";
import { patchPodStatus } from "../local/providers/testPodStatus.ts";
import { type Fleet, NAMESPACE, startFleet } from "./fleet.ts";
import { controllerOf, type TestController } from "./pairController.ts";
import { revealed } from "./record.ts";
import { recordStack } from "./stacks.ts";

/**
 * A queue of pairs: the objects are the program's own, scheduler, Deployments, Jobs and rights are real, the pair controller is the
 * program of its image, and kwok plays nodes and kubelets. Four experiments with a pair each, and one node of two GPUs.
 */
let fleet: Fleet;
let controller: TestController;
const RUNS = ["run-seed1", "run-seed2", "run-seed3", "run-seed4"];
/** Every way in which GPUs were held, as they were seen, without repetitions: pairs with the number of their pods. */
const seen: string[] = [];

beforeAll(async () => {
  fleet = await startFleet();
  await fleet.addNode({ name: "gpu", gpus: 2 });
  await fleet.addNode({ name: "cpu", gpus: 0, taints: [] });
  const experiments = [{ config: "configs/crafter_rl_outcome.toml", name: "run", matrix: { seed: [1, 2, 3, 4] } }];
  const { resources } = await recordStack("dev", { placement: "dedicated", experiments });
  const items = resources.filter(({ type, inputs, read }) => type.startsWith("kubernetes:") && !read && inputs["metadata"]?.namespace === NAMESPACE).map(({ name, inputs }) => {
    const object = revealed(inputs);
    return { ...object, metadata: { ...object.metadata, name: object.metadata.name ?? name } };
  });
  const { ok, output } = await fleet.kubectl(["apply", "--server-side"], { apiVersion: "v1", kind: "List", items });
  if (!ok) throw new Error(output);
  controller = await controllerOf(fleet, NAMESPACE);
});
afterAll(async () => fleet?.stop());

const labelOf = (pod: V1Pod, key: string) => pod.metadata!.labels?.[`rewardlab.dev/${key}`];
/** Looks at what has a node, GPUs and runs, and keeps what it has seen. */
async function look(): Promise<{ pairs: string[]; runs: string[] }> {
  const placed = (await fleet.pods()).filter(({ spec, status }) => spec!.nodeName && status?.phase !== "Succeeded");
  const pairs = Map.groupBy(placed.flatMap((pod) => labelOf(pod, "pair") ?? []), (pair) => pair);
  const held = [...pairs].map(([pair, pods]) => `${pair}: ${pods.length}`).sort().join(", ");
  if (seen.at(-1) !== held) seen.push(held);
  return { pairs: [...pairs.keys()], runs: placed.flatMap((pod) => labelOf(pod, "run") ?? []) };
}

const jobs = () => fleet.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace: NAMESPACE, labelSelector: "rewardlab.dev/run" });
async function succeed(run: string): Promise<void> {
  // It has a node a moment before it is Running.
  const running = async () => (await fleet.pods()).find((each) => labelOf(each, "run") === run && each.status?.phase === "Running");
  await expect.poll(running, { timeout: 30_000 }).toBeDefined();
  await patchPodStatus(fleet.core, (await running())!, { phase: "Succeeded" });
}

it("gives the node to one pair after the other, in the order of experiments, and none half-starts", async () => {
  for (const run of RUNS.slice(0, 3)) {
    await controller.until(`${run} runs`, async () => (await look()).runs.includes(run));
    expect((await look()).runs).toEqual([run]);
    await succeed(run);
  }
  // One member may be placed a moment before the other; two pairs never hold GPUs at once, and none has its turn a second time.
  expect([...new Set(seen.filter((held) => held.includes("2")))]).toEqual(["pair-0: 2", "pair-1: 2", "pair-2: 2"]);
  expect(seen.filter((held) => held.includes(","))).toEqual([]);
});

it("leaves a waiting run its whole deadline, which counts from its turn, and shows it as waiting", async () => {
  const { items } = await jobs();
  const [first, second, third, waiting] = RUNS.map((run) => items.find(({ metadata }) => metadata!.labels!["rewardlab.dev/run"] === run)!);
  // The API sets this time anew when a Job goes on, and holds no deadline against one that is suspended.
  for (const [before, after] of [[first, second], [second, third]] as const) expect(Number(after!.status!.startTime)).toBeGreaterThanOrEqual(Number(before!.status!.completionTime));
  expect(waiting!.spec!.suspend).toBe(true);
  const states = await listRunJobs(accessTo(fleet.config, NAMESPACE));
  expect(states.find(({ run }) => run === RUNS[3])).toMatchObject({ state: "waiting", reason: expect.stringContaining("its pair's turn") });
  expect(states.filter(({ state }) => state === "complete").map(({ run }) => run)).toEqual(expect.arrayContaining(RUNS.slice(0, 2)));
});

it("never starts a run that was stopped while it waited, and gives its pair no turn", async () => {
  const access = accessTo(fleet.config, NAMESPACE);
  await stopRuns(access, (await listRunJobs(access)).filter(({ run }) => run === RUNS[3]), () => expect.unreachable());
  await controller.until("every pair has given its GPUs back", async () => (await look()).pairs.length === 0);
  for (let round = 0; round < 5; round++) await controller.round();
  expect(await look()).toEqual({ pairs: [], runs: [] });
});

it("bills every pod that had its turn, to the moment when it was gone", async () => {
  const { pods } = await collectUsage(accessTo(fleet.config, NAMESPACE), new Date());
  expect(pods.map(({ pair, part, node, to }) => [pair, part, node, to !== null]).sort()).toEqual(
    ["pair-0", "pair-1", "pair-2"].flatMap((pair) => ["trainer", "vllm"].map((part) => [pair, part, "gpu", true])));
});

it("gives a pair its turn again when its run is there again", async () => {
  const { items } = await jobs();
  const first = items.find(({ metadata }) => metadata!.labels!["rewardlab.dev/run"] === RUNS[0])!;
  const { controllerRef: _, ...template } = first.spec!.template as any;
  for (const key of Object.keys(template.metadata.labels)) if (/controller-uid|job-name/.test(key)) delete template.metadata.labels[key];
  await fleet.config.makeApiClient(BatchV1Api).createNamespacedJob({ namespace: NAMESPACE, body: {
    metadata: { name: "again", labels: first.metadata!.labels! }, spec: { ...first.spec!, selector: undefined as never, manualSelector: undefined as never, template },
  } });
  await controller.until("it runs again", async () => (await look()).runs.includes(RUNS[0]!));
  expect((await look()).pairs).toEqual(["pair-0"]);
});
