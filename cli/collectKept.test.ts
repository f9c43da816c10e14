import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { KeptSource } from "../collect/keptResults.ts";
import { fakeSpec } from "../images/runner/test/fakeSpec.ts";
import { fakeEvents } from "../report/fakeEvents.ts";
import { collectKept } from "./collectKept.ts";
import { saveReport } from "./finish.ts";
import { newestAdapter } from "./keptAdapter.ts";
import { RunFolder } from "./runFolder.ts";

const RUN = "crafter-rl-test";
const SPEC = JSON.stringify(fakeSpec({ taskApp: "http://a.test", vllm: "http://b.test", trainer: "http://c.test" }));
const lines = (iterations: number) => fakeEvents({ name: RUN, iterations, rewards: Array<number>(iterations).fill(1), before: [0], after: [1] }).map((event) => JSON.stringify(event));
const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");
let [root, runs] = ["", ""];
const said: string[] = [];
const context = { screen: { line: (text: string) => said.push(text) } as never, signal: new AbortController().signal };
const write = (key: string, text: string) => {
  mkdirSync(dirname(join(root, key)), { recursive: true });
  writeFileSync(join(root, key), text);
};
const keys = () => readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
/** A fake source: a folder. */
const source: KeptSource = {
  what: "a folder",
  list: async () => new Map(keys().map((key) => [key, sha256(readFileSync(join(root, key), "utf8"))])),
  fetch: async (wanted, folder) => { for (const key of wanted) cpSync(join(root, key), join(folder, key), { recursive: true }); },
};

beforeEach(() => {
  [root, runs] = [mkdtempSync(join(tmpdir(), "kept-")), mkdtempSync(join(tmpdir(), "runs-"))];
  for (const [runKey, start, iterations] of [[`${RUN}-00000001`, 100, 1], [`${RUN}-00000002`, 200, 2]] as const) {
    write(`${runKey}/run.json`, SPEC);
    write(`${runKey}/log/${start}-pod/00001.txt`, `${lines(iterations).join("\n")}\nINFO - words\n`);
    for (const version of [2, 10]) write(`${runKey}/adapter/v${version}/adapter_config.json`, `{"version":${version}}`);
  }
});
afterEach(() => { for (const folder of [root, runs]) rmSync(folder, { recursive: true }); });

it("puts the newest attempt of a run in its folder, and earlier ones aside by their run keys: a report can be made of both", async () => {
  const folder = RunFolder.create(runs, "dev", new Date(0), []);
  expect(await collectKept(source, folder, context)).toEqual({ runs: [RUN], problems: [] });
  expect(readdirSync(folder.path).sort()).toEqual([RUN, "earlier"]);
  expect((await RunFolder.load(folder.path)).events.get(RUN)).toHaveLength(lines(2).length);
  expect((await RunFolder.load(join(folder.path, "earlier"))).events.get(`${RUN}-00000001`)).toHaveLength(lines(1).length);
  expect(readFileSync(join(folder.path, RUN, "log.txt"), "utf8")).toContain("INFO - words");
  expect(said.at(-1)).toMatch(/^results: 8 files of 2 runs in .*, each with its digest$/);
});

it("takes the kept log where it says more than what was collected, and leaves it where it says less", async () => {
  const folder = RunFolder.create(runs, "dev", new Date(0), [RUN]);
  folder.add(RUN, lines(1)[0]!);
  await collectKept(source, folder, context);
  expect((await RunFolder.load(folder.path)).events.get(RUN)).toHaveLength(lines(2).length);

  const whole = RunFolder.create(runs, "other", new Date(0), [RUN]);
  for (const line of [...lines(3), "INFO - only in the pod's log"]) whole.add(RUN, line);
  await collectKept(source, whole, context);
  expect(readFileSync(join(whole.path, RUN, "log.txt"), "utf8")).toContain("only in the pod's log");
  expect(existsSync(join(whole.path, RUN, "adapter", "v10"))).toBe(true);
});

it("the report names the newest adapter with the trainer's digest of it, and warns of another one than the run has trained", async () => {
  const folder = RunFolder.create(runs, "dev", new Date(0), []);
  await collectKept(source, folder, context);
  const digest = `sha256:${sha256(`${sha256('{"version":10}')}  adapter_config.json\n`)}`;
  expect(await newestAdapter(folder.path, RUN)).toEqual({ version: 10, digest, path: join(RUN, "adapter", "v10") });
  const save = async () => (await saveReport({ stack: "dev", folder, jobs: [], phases: {}, inventoryAfter: null })).report.runs[0]!;
  expect((await save()).adapter).toEqual({ version: 10, digest, path: `${RUN}/adapter/v10` });
  rmSync(join(folder.path, RUN, "adapter", "v10"), { recursive: true });
  const { adapter, warnings } = await save();
  expect([adapter!.version, warnings]).toEqual([2, [expect.stringMatching(/the collected adapter .*v2 has the digest sha256:.*, and the run trained .*: it was changed/)]]);
});

it("leaves no half of a copy behind when it breaks off", async () => {
  const folder = RunFolder.create(runs, "dev", new Date(0), [RUN]);
  const broken = { ...source, fetch: () => Promise.reject(new Error("connection lost")) };
  await expect(collectKept(broken, folder, context)).rejects.toThrow("connection lost");
  expect(readdirSync(folder.path)).toEqual([RUN]);
});
