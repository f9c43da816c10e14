import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { parseEventLine } from "../src/events.ts";
import { readSeal } from "../src/results/layout.ts";
import type { RunSpec } from "../src/runSpec.ts";
import { EXIT, Stopped } from "../src/run.ts";
import { orderEvents } from "../../../report/eventOrder.ts";
import { Capture, FakeStack, ofType } from "./fakeStack.ts";
import { merged, Pod } from "./pod.ts";
import { ResultsStore } from "./resultsStore.ts";

/** What a run leaves in the store: the real one, with the real runner, and fakes of the three services. */
const KEY = "crafter-rl-test-0a1b2c3d";
const settings = (store: ResultsStore, pod = "pod-1", startedAt = 1_700_000_000_000) => ({ resultsKeys: { storeKey: store.key }, pod, startedAt, patience: { firstRetries: 0, keepSeconds: 20 } });
const kept = (stack: FakeStack, store: ResultsStore, change?: (spec: RunSpec) => void) => stack.spec((spec) => {
  spec.results = { kind: "store", url: store.url };
  change?.(spec);
});
const sha256 = (data: Buffer) => createHash("sha256").update(data).digest("hex");
const logOf = (store: ResultsStore, key = KEY) => store.files(key).filter((path) => path.startsWith("log/")).map((path) => store.read(key, path).toString()).join("").trim().split("\n");

/** Paths of the seals' lists, each compared with the file that is there. */
function sealed(store: ResultsStore, key = KEY): string[] {
  const seals = store.files(key).filter((path) => path.startsWith("seals/"));
  return seals.flatMap((seal) => readSeal(store.read(key, seal).toString()).map((file) => {
    expect(sha256(store.read(key, file.path)), file.path).toBe(file.sha256);
    return file.path;
  })).sort();
}

test("a run keeps all that it says, the traces of all episodes, its adapters and the newest checkpoint, sealed", async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const { code, lines } = await stack.run(kept(stack, store), new Capture(), undefined, settings(store));
  expect(code).toBe(EXIT.finished);
  expect([logOf(store), lines.at(-1)]).toEqual([lines, expect.stringContaining("All batch rewards")]);
  expect(JSON.parse(store.read(KEY, "run.json").toString())).toEqual(kept(stack, store));

  const traces = store.files(KEY).filter((path) => path.startsWith("traces/")).flatMap((path) => gunzipSync(store.read(KEY, path)).toString().trim().split("\n"));
  const ids = traces.map((line) => (JSON.parse(line) as { session_id: string }).session_id);
  expect([...ids].sort()).toEqual(stack.taskApp.requests.map(({ run_id }) => run_id as string).sort());

  expect(store.files(KEY).filter((path) => /^(adapter|checkpoint)/.test(path))).toEqual(["adapter/v2/weight.json", "adapter/v3/weight.json", "checkpoint/step-00000003.safetensors"]);
  expect(store.read(KEY, "adapter/v3/weight.json")).toEqual(readFileSync(join(stack.folder, `${KEY}-v3`, "weight.json")));
  expect(sealed(store)).toEqual(store.files(KEY).filter((path) => !path.startsWith("seals/")));
});

test("a run without a place for results asks for no traces and keeps nothing", async () => {
  await using stack = await FakeStack.start();
  expect((await stack.run()).code).toBe(EXIT.finished);
  expect(stack.taskApp.requests.every(({ record }) => record.return_trace === false)).toBe(true);
});

test("a store that goes away costs a warning and no time; when it is back, everything is kept", async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const out = new Capture();
  out.onEvent = (event) => {
    if (event.type === "step.finished" && event.iteration === 1) void store.stop();
    if (event.type === "run.warning") void store.start();
  };
  const spec = kept(stack, store, (s) => { s.guards.maxRetries = 0; });
  const { code, lines, events } = await stack.run(spec, out, undefined, settings(store));
  expect(code).toBe(EXIT.finished);
  expect(ofType(events, "run.warning").map(({ message }) => message)).toEqual([expect.stringMatching(/^log-.* is not kept yet, and will be tried again: the results store did not answer PUT/)]);
  expect(logOf(store)).toEqual(lines);
  expect(sealed(store)).toEqual(store.files(KEY).filter((path) => !path.startsWith("seals/")));
});

test("results that could not be kept are named in the run's last lines, and what the run measured stands", async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const out = new Capture();
  out.onEvent = (event) => { if (event.type === "step.finished" && event.iteration === 3) void store.stop(); };
  const { code, lines, events } = await stack.run(kept(stack, store, (s) => { s.guards.maxRetries = 0; }), out, undefined, { ...settings(store), patience: { firstRetries: 0, keepSeconds: 2 } });
  expect(code).toBe(EXIT.finished);
  expect(ofType(events, "run.finished")).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/^WARNING - results of this run were NOT kept: .*adapter-v3.*collect them before the stack is destroyed/);
  expect(events.at(-1)).toMatchObject({ type: "run.warning", message: expect.stringContaining("NOT kept") });
});

test("a store that refuses the run's key, or is not there, ends the run before an episode is played", async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const refused = await stack.run(kept(stack, store), new Capture(), undefined, { ...settings(store), resultsKeys: { storeKey: "another" } });
  expect([refused.code, stack.taskApp.requests.length]).toEqual([EXIT.failed, 0]);
  expect(refused.lines.at(-1)).toMatch(/what the run leaves can't be kept: the results store answered 401/);
});

test("a run that fails keeps why, and its last adapter", async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const out = new Capture();
  out.onEvent = (event) => { if (event.type === "sync.finished" && event.iteration === 1) stack.taskApp.fault.failures = 1e6; };
  const { code, lines } = await stack.run(kept(stack, store, (s) => { s.guards.maxRetries = 0; }), out, undefined, settings(store));
  expect(code).toBe(EXIT.failed);
  expect(logOf(store)).toEqual(lines);
  expect(store.files(KEY)).toContain("adapter/v1/weight.json");
});

test("a pod that is told to stop keeps its last words and the adapter so far", async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const [out, stop] = [new Capture(), new AbortController()];
  out.onEvent = (event) => { if (event.type === "rollout.finished" && event.iteration === 2) stop.abort(new Stopped("SIGTERM")); };
  const { code, lines } = await stack.run(kept(stack, store), out, stop.signal, settings(store));
  expect(code).toBe(EXIT.terminated);
  expect(lines.at(-1)).toMatch(/stopped by SIGTERM in iteration 2/);
  expect(logOf(store)).toEqual(lines);
  expect(store.files(KEY)).toContain("adapter/v1/weight.json");
});

test("a killed pod and the one that goes on leave one whole sequence of events, told twice where a step was", { timeout: 90_000 }, async () => {
  await using stack = await FakeStack.start();
  await using store = await new ResultsStore().start();
  const env = (name: string) => ({ SYNTH_API_KEY: stack.vllm.apiKey, ENVIRONMENT_API_KEY: stack.taskApp.apiKey, RESULTS_API_KEY: store.key, JOB_UID: "job-1", HOSTNAME: name });
  const spec = kept(stack, store);
  let first: Pod | null = null;
  // What was said before the step is kept while the trainer takes it; a kill before that would leave it in the pod's log alone.
  const isKept = () => readdirSync(store.folder, { recursive: true, encoding: "utf8" }).some((path) => /log.*txt$/.test(path) && readFileSync(join(store.folder, path), "utf8").includes('"type":"rollout.finished","iteration":2'));
  stack.trainer.fault.onStep = async ({ step }) => {
    if (step !== 2 || first!.child.killed) return;
    await expect.poll(isKept, { timeout: 20_000 }).toBe(true);
    first!.kill("SIGKILL");
  };
  first = new Pod(stack.folder, spec, env("pod-a"));
  expect(await first.ended()).toBeNull();
  const second = new Pod(stack.folder, spec, env("pod-b"));
  expect(await second.ended()).toBe(0);

  const [key] = stack.trainer.deleted as [string];
  const told = orderEvents(logOf(store, key).flatMap((line) => parseEventLine(line) ?? []));
  expect(told).toEqual(merged(first, second));
  expect(ofType(told, "rollout.finished").map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  // Of the killed pod a file may be there whose seal is not.
  const list = sealed(store, key);
  expect(store.files(key).filter((path) => !path.startsWith("seals/") && !list.includes(path) && !path.includes("pod-a"))).toEqual([]);
});
