import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Access, openAccess } from "../collect/access.ts";
import { listRunJobs } from "../collect/jobs.ts";
import { LABEL, namespaceOf, pairName, PORTS, TASK_APP } from "../components/names.ts";
import { folders, PROJECT_ROOT } from "../components/settings.ts";
import { parseEventLine, type RunEvent } from "../images/runner/src/events.ts";
import { defaultSettings } from "../local/cluster/settings.ts";
import { layout } from "../local/cluster/layout.ts";
import { type Report, report as reportSchema } from "../report/schema.ts";
import { CliProcess, type Ended } from "./cliProcess.ts";
import { containerProcess } from "./containerProcess.ts";
import { TaskAppProxy } from "./taskAppProxy.ts";

/**
 * Faults under real runs: one `start` as a user does it, with four small runs on one pair. Three of them play through a
 * server of this test, which stands before the task app and so knows the moment at which to do harm.
 */

const MINUTES = 60_000;
const SIZES = { iterations: 3, batchSize: 2, groupSize: 4, maxTurns: 10, evaluationSeeds: 4 };
const EPISODES = SIZES.batchSize * SIZES.groupSize;
const RETRIES = 2;
const [CALM, BROKEN, ROBBED, SHOT] = ["calm", "broken", "robbed", "shot"];

const cli = new CliProcess(process.env);
const { stateDir } = folders();
const namespace = namespaceOf("local");
const adapters = join(stateDir, "node", namespace, pairName(0));

/** Rollouts that the broken task app was asked for, by id. */
const refused = new Map<string, number>();
let removed = "";
let restarts: number | undefined;
let ended: Ended;
let report: Report;

const proxy = new TaskAppProxy({
  [BROKEN!]: { before: ({ id }) => (refused.set(id, (refused.get(id) ?? 0) + 1), 500) },
  [ROBBED!]: { after: ({ iteration }) => (iteration === 1 && ++played === EPISODES ? stopServer() : undefined) },
  [SHOT!]: { before: async ({ iteration }) => {
    if (iteration === 2) await (killed ??= killServer());
    if (iteration === 3) restarts ??= (await vllm()).restartCount;
  } },
}, async () => {
  const { spec } = await access().core.readNamespacedService({ namespace, name: TASK_APP });
  return `http://${spec!.clusterIP}:${PORTS.taskApp}`;
});

const access = (): Access => openAccess(layout(folders()).kubeconfig, namespace);

async function vllm() {
  const { items } = await access().core.listNamespacedPod({ namespace, labelSelector: `${LABEL.part}=vllm` });
  return items[0]!.status!.containerStatuses![0]!;
}

async function until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const limit = Date.now() + 3 * MINUTES; Date.now() < limit; await sleep(50)) {
    const found = await probe();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen`);
}

/**
 * The folder of the robbed run's first version goes between save and load. The server stands still from the last episode
 * before the step until the folder is gone, so the load comes after that however fast the machine is.
 */
let played = 0;
let robbery: Promise<void> | undefined;
async function stopServer(): Promise<void> {
  const pid = containerProcess((await vllm()).containerID!);
  process.kill(pid, "SIGSTOP");
  robbery = until("the robbed run's step", () => readdirSync(adapters).find((name) => /^robbed-[0-9a-f]+-v1$/.test(name)))
    .then((name) => rmSync(join(adapters, (removed = name)), { recursive: true }))
    .finally(() => process.kill(pid, "SIGCONT"))
    .catch((error: unknown) => void proxy.faults.push(String(error)));
}

/** vLLM dies with an iteration's first episode on its way to it; after the robbery, of which it is no part. */
let killed: Promise<void> | undefined;
async function killServer(): Promise<void> {
  await until("the end of the robbed run", async () => (await listRunJobs(access())).find(({ run, state }) => run === ROBBED && state === "failed"));
  process.kill(containerProcess((await vllm()).containerID!), "SIGKILL");
}

beforeAll(async () => {
  await proxy.start();
  cli.copyProject();
  const config = readFileSync(join(PROJECT_ROOT, "configs", "crafter_rl_stepwise_shaped.toml"), "utf8");
  for (const run of [CALM, BROKEN, ROBBED, SHOT]) {
    const url = run === CALM ? "placeholder" : proxy.url(defaultSettings.nodeAddress, run!);
    writeFileSync(cli.inProject("configs", `${run}.toml`), config.replace('task_url = "placeholder"', `task_url = "${url}"`));
  }
  const stackFile = cli.inProject("Pulumi.local.yaml");
  const stack = loadYaml<{ config: Record<string, any> }>(readFileSync(stackFile, "utf8"));
  stack.config["rewardlab:experiments"] = [CALM, BROKEN, ROBBED, SHOT].map((run) => ({ config: `configs/${run}.toml` }));
  const { guards, ...run } = stack.config["rewardlab:run"];
  stack.config["rewardlab:run"] = { ...run, ...SIZES, guards: { ...guards, maxRetries: RETRIES } };
  writeFileSync(stackFile, dumpYaml(stack));

  await cli.run("start", "--clean");
  ended = await cli.run("start", "--json");
  await robbery;
  report = reportSchema.parse(JSON.parse(ended.stdout || `{"nothing": ${JSON.stringify(ended.stderr.slice(-4000))}}`));
}, 10 * MINUTES);

afterAll(async () => {
  proxy.stop();
  await cli.run("start", "--clean");
  cli.remove();
}, 2 * MINUTES);

const runOf = (name: string | undefined) => report.runs.find((run) => run.name === name)!;
/** A run's own log, as the command line kept it. */
function logOf(name: string | undefined): string[] {
  const [time] = readdirSync(cli.inProject("runs", "local"));
  return readFileSync(cli.inProject("runs", "local", time!, name!, "log.txt"), "utf8").trimEnd().split("\n");
}
const eventsOf = (name: string | undefined): RunEvent[] => logOf(name).flatMap((line) => parseEventLine(line) ?? []);

it("a task app that answers 500 is asked again a bounded number of times; then its run fails, with the cause as its last line", () => {
  expect(proxy.faults).toEqual([]);
  expect(Math.max(...refused.values())).toBe(RETRIES + 1);
  expect(runOf(BROKEN)).toMatchObject({ state: "failed", iterations: 0 });
  const cause = /episode broken-\S+ failed 3 times: the task app answered 500 to POST \/rollout: .*made for the test/;
  expect(runOf(BROKEN).failure!.reason).toMatch(cause);
  expect(logOf(BROKEN).at(-1)).toMatch(cause);
});

it("an adapter folder that vanished between save and load ends its run, which names the folder", () => {
  expect(removed).toMatch(/^robbed-/);
  expect(runOf(ROBBED)).toMatchObject({ state: "failed" });
  expect(runOf(ROBBED).failure!.reason).toContain(`/adapters/${removed}`);
  expect(logOf(ROBBED).at(-1)).toContain(`/adapters/${removed}`);
});

it("a vLLM that is killed in an iteration is started again, gets its adapters back, and the iteration is repeated to its end", () => {
  expect(restarts).toBe(1);
  expect(runOf(SHOT)).toMatchObject({ state: "finished", iterations: SIZES.iterations });
  expect(runOf(SHOT).adapterVersions.map((name) => name.split("-").at(-1))).toEqual(["v0", "v1", "v2", "v3"]);
  expect(logOf(SHOT)).toContainEqual(expect.stringMatching(/vLLM has lost shot-\S+-v1; loading it again/));
  const retries = eventsOf(SHOT).flatMap((event) => (event.type === "rollout.finished" ? [event.retries] : []));
  expect(retries).toEqual([0, expect.toSatisfy((count: number) => count > 0), 0]);
});

it("a run beside them finishes, and its numbers hold", () => {
  expect(runOf(CALM)).toMatchObject({ state: "finished", iterations: SIZES.iterations });
  for (const run of [CALM, SHOT]) {
    expect(runOf(run).decisions.dropped).toBe(0);
    expect(runOf(run).mismatchMaxMeanDelta).toBeLessThan(1e-4);
  }
});

it("the command says which runs failed and why, ends with status 1, and leaves nothing", () => {
  expect(ended.status).toBe(1);
  const last = ended.stderr.trimEnd().split("\n").slice(-2).join("\n");
  for (const run of [BROKEN, ROBBED]) expect(last).toContain(`${run}: failed: ${runOf(run).failure!.reason}. What to do: ${runOf(run).failure!.remedy}`);
  expect(last).not.toMatch(/^(calm|shot): /m);
  expect(report.inventoryAfter).toEqual([]);
});
