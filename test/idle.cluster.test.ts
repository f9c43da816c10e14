import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchV1Api, dumpYaml, loadYaml } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Access, openAccess } from "../collect/access.ts";
import { LABEL, namespaceOf } from "../components/names.ts";
import { folders } from "../components/settings.ts";
import { layout } from "../local/cluster/layout.ts";
import { type Report, report as reportSchema } from "../report/schema.ts";
import { usage } from "../report/usage.ts";
import { pssBytes } from "./bench/memory.ts";
import { CliProcess, type Ended } from "./cliProcess.ts";
import { containerProcess } from "./containerProcess.ts";

/**
 * Two small runs with a pair each, on the one embedded node that has room for one pair: they take turns, and afterwards nobody
 * watches. The pair controller runs in its pod.
 */
const MINUTES = 60_000;
const SIZES = { iterations: 1, batchSize: 2, groupSize: 4, maxTurns: 10, evaluationSeeds: 4 };
const RUNS = ["first", "second"];
const namespace = namespaceOf("local");
const cli = new CliProcess(process.env);
let ended: Ended;
let report: Report;
let access: Access;

beforeAll(async () => {
  cli.copyProject();
  const stackFile = cli.inProject("Pulumi.local.yaml");
  const stack = loadYaml<{ config: Record<string, any> }>(readFileSync(stackFile, "utf8"));
  stack.config["rewardlab:experiments"] = RUNS.map((name) => ({ config: "configs/crafter_rl_stepwise_shaped.toml", name }));
  stack.config["rewardlab:placement"] = "dedicated";
  stack.config["rewardlab:run"] = { ...stack.config["rewardlab:run"], ...SIZES };
  writeFileSync(stackFile, dumpYaml(stack));
  await cli.run("start", "--clean");
  ended = await cli.run("start", "--keep", "--json");
  if (ended.stdout === "") throw new Error(ended.stderr.slice(-4000));
  report = reportSchema.parse(JSON.parse(ended.stdout));
  access = openAccess(layout(folders()).kubeconfig, namespace);
}, 15 * MINUTES);
afterAll(async () => {
  await cli.run("start", "--clean");
  cli.remove();
}, 2 * MINUTES);

const pairPods = async () => (await access.core.listNamespacedPod({ namespace, labelSelector: LABEL.pair })).items;
const jobs = async () => (await access.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace, labelSelector: LABEL.run })).items;
/** User's and system's time in the text of /proc/PID/stat, in ticks of which Linux has a hundred a second (proc_pid_stat(5)). */
function cpuSeconds(stat: string): number {
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}
/** When a run was let through and when it ended, milliseconds. */
async function spanOf(run: string): Promise<[number, number]> {
  const { status } = (await jobs()).find(({ metadata }) => metadata!.labels![LABEL.run] === run)!;
  return [Number(status!.startTime), Number(status!.completionTime)];
}

it("runs take turns on a node that has room for one pair, and the one that waits is shown as waiting", async () => {
  expect(report.runs.map(({ name, state, iterations }) => [name, state, iterations])).toEqual(RUNS.map((run) => [run, "finished", SIZES.iterations]));
  const [[, firstEnd], [secondStart]] = [await spanOf("first"), await spanOf("second")];
  expect(secondStart).toBeGreaterThan(firstEnd);
  expect(ended.stderr).toMatch(/second +its pod does not run: it waits for its pair's turn/);
});

it("GPUs are given back within two minutes of the last run's end, without anyone watching", async () => {
  const [, end] = await spanOf("second");
  while ((await pairPods()).length > 0 && Date.now() - end < 3 * MINUTES) await sleep(500);
  const seconds = (Date.now() - end) / 1000;
  process.stderr.write(`GPUs were given back ${seconds.toFixed(1)} s after the last run's end\n`);
  expect(await pairPods()).toEqual([]);
  expect(seconds).toBeLessThan(120);
});

it("the pair controller takes little of the machine: under a twentieth of a core, and 200 MB", async () => {
  const { items } = await access.core.listNamespacedPod({ namespace, labelSelector: `${LABEL.part}=pair-controller` });
  const { containerID, restartCount } = items[0]!.status!.containerStatuses![0]!;
  const pid = containerProcess(containerID!);
  const seconds = () => cpuSeconds(readFileSync(`/proc/${pid}/stat`, "utf8"));
  const before = seconds();
  await sleep(20_000);
  const share = (seconds() - before) / 20;
  const minutes = (Date.now() - Number(items[0]!.status!.startTime)) / 60_000;
  const memory = pssBytes(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) / 1e6;
  process.stderr.write(`pair controller: ${seconds().toFixed(1)} s of a core in ${minutes.toFixed(1)} min, ${(100 * share).toFixed(1)} % of one now, ${memory.toFixed(0)} MB (PSS)\n`);
  expect(restartCount).toBe(0);
  expect(share).toBeLessThan(0.05);
  expect(memory).toBeLessThan(200);
});

it("a second update brings no pair back", async () => {
  const again = await cli.run("up");
  expect(again.status, again.stderr).toBe(0);
  await sleep(5000);
  expect(await pairPods()).toEqual([]);
});

it("the bill knows of both pairs after they are gone", async () => {
  const down = await cli.run("down");
  expect(down.status, down.stderr).toBe(0);
  const newest = readdirSync(cli.inProject("runs", "local")).sort().at(-1)!;
  const { pods } = usage.parse(JSON.parse(readFileSync(cli.inProject("runs", "local", newest, "usage.json"), "utf8")));
  expect(pods.map(({ pair, part, to }) => [pair, part, to !== null]).sort()).toEqual(["pair-0", "pair-1"].flatMap((pair) => ["trainer", "vllm"].map((part) => [pair, part, true])));
});
