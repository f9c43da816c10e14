import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bucketSource } from "../collect/bucketSource.ts";
import { copyKept, keptLines } from "../collect/keptResults.ts";
import { contentOf } from "../images/runner/src/results/bucket.ts";
import { S3Bucket } from "../images/runner/src/results/s3Bucket.ts";
import { EXIT } from "../images/runner/src/run.ts";
import { Capture, FakeStack } from "../images/runner/test/fakeStack.ts";
import { freePort } from "../local/providers/testProcess.ts";
import { report } from "../report/schema.ts";
import { CliProcess } from "./cliProcess.ts";
import { S3Server } from "./s3Server.ts";
import { stackConfig, stackFileText } from "./stacks.ts";

/** Results in a bucket of a real S3 server, written by the real runner (its three services are fakes) and read back by what collects. */
const BUCKET = "my-results";
const KEY = "crafter-rl-test-0a1b2c3d";
const signal = new AbortController().signal;
let server: S3Server;
let target: string;

beforeAll(async () => {
  server = await new S3Server().start();
  await server.makeBucket(BUCKET);
  target = mkdtempSync(join(tmpdir(), "rewardlab-s3-copy-"));
});
afterAll(async () => {
  await server.remove();
  rmSync(target, { recursive: true });
});

const place = (prefix: string) => ({ endpoint: server.endpoint, region: server.region, bucket: BUCKET, prefix });
const bucketOf = (prefix: string) => new S3Bucket(place(prefix), server.keys);
const settings = () => ({ resultsKeys: { s3AccessKeyId: server.keys.accessKeyId, s3SecretAccessKey: server.keys.secretAccessKey }, pod: "pod", startedAt: 1_700_000_000_000, patience: { firstRetries: 0, keepSeconds: 20 } });
const specIn = (stack: FakeStack, prefix: string, change: Record<string, unknown> = {}) => stack.spec((spec) => { spec.results = { kind: "s3", ...place(prefix), ...change }; });
const copy = (prefix: string, folder: string) => copyKept(bucketSource(bucketOf(`${prefix}/test`)), join(target, folder), signal);

it("keeps a run whole, under the prefix and the stack's name, and gives it back digest by digest", async () => {
  await using stack = await FakeStack.start();
  const { code, lines } = await stack.run(specIn(stack, "lab"), new Capture(), signal, settings());
  expect(code).toBe(EXIT.finished);
  expect(readdirSync(join(server.folder, BUCKET, "lab", "test"))).toEqual([KEY]);
  const { runs, problems } = await copy("lab", "whole");
  expect([runs.map(({ name, runKey }) => [name, runKey]), problems]).toEqual([[["crafter-rl-test", KEY]], []]);
  expect(await keptLines(runs[0]!)).toEqual(lines);
  expect(readFileSync(join(runs[0]!.folder, "adapter/v3/weight.json"))).toEqual(readFileSync(join(stack.folder, `${KEY}-v3`, "weight.json")));
  expect(readdirSync(join(runs[0]!.folder, "checkpoint"))).toEqual(["step-00000003.safetensors"]);
});

it("tells of a file that is another one now than the run has put there", async () => {
  const path = join(server.folder, BUCKET, "lab", "test", KEY, "adapter/v3/weight.json");
  writeFileSync(path, readFileSync(path, "utf8").replace("weight", "weigth"));
  expect((await copy("lab", "changed")).problems).toEqual([expect.stringMatching(new RegExp(`^${KEY}/adapter/v3/weight.json: has the digest .*, its run sealed`))]);
});

it("is collected by the command line, and needs no cluster for it; a teardown whose cluster is gone collects it, too", async () => {
  await using stack = await FakeStack.start();
  await stack.run(specIn(stack, "cli"), new Capture(), signal, settings());
  const cli = new CliProcess();
  try {
    cli.copyProject();
    mkdirSync(join(cli.folder, "home", ".kube"));
    writeFileSync(join(cli.folder, "home", ".kube", "config"), JSON.stringify({
      apiVersion: "v1", kind: "Config", "current-context": "gone", clusters: [{ name: "gone", cluster: { server: `https://127.0.0.1:${await freePort()}` } }],
      users: [{ name: "gone", user: {} }], contexts: [{ name: "gone", context: { cluster: "gone", user: "gone" } }],
    }));
    const { results: _, ...settingsOfDev } = stackConfig("dev");
    const config = { ...settingsOfDev, cluster: { context: "gone", identifier: "gone" }, results: { kind: "s3", ...place("cli") } };
    writeFileSync(cli.inProject("Pulumi.test.yaml"), stackFileText(config));
    writeFileSync(cli.inProject(".env"), "SYNTH_API_KEY=one\nENVIRONMENT_API_KEY=two\n");
    const lacking = await cli.run("collect", "--stack", "test");
    expect([lacking.status, lacking.stderr]).toEqual([78, expect.stringContaining("S3_ACCESS_KEY_ID: with S3_SECRET_ACCESS_KEY is needed to read the bucket my-results")]);
    writeFileSync(cli.inProject(".env"), `SYNTH_API_KEY=one\nENVIRONMENT_API_KEY=two\nS3_ACCESS_KEY_ID=${server.keys.accessKeyId}\nS3_SECRET_ACCESS_KEY=${server.keys.secretAccessKey}\n`);

    const { status, stdout, stderr } = await cli.run("collect", "--stack", "test", "--json");
    expect(status, stderr).toBe(0);
    const [run] = report.parse(JSON.parse(stdout)).runs;
    expect([run!.state, run!.adapter!.version]).toEqual(["finished", 3]);
    const [time] = readdirSync(cli.inProject("runs", "test"));
    expect(readdirSync(cli.inProject("runs", "test", time!, run!.adapter!.path))).toEqual(["weight.json"]);
    const down = await cli.run("down", "--stack", "test");
    expect([down.status, down.stderr]).toEqual([1, expect.stringMatching(/cannot be reached.*Not done.*Results: collected from the bucket my-results at .*: crafter-rl-test, .*report: runs\/test\/.*report\.html/s)]);
  } finally {
    cli.remove();
  }
});

it("is waited for when it goes away while a run goes on", async () => {
  await using stack = await FakeStack.start();
  const out = new Capture();
  out.onEvent = (event) => {
    if (event.type === "step.finished" && event.iteration === 1) void server.stop();
    if (event.type === "step.finished" && event.iteration === 3) void server.start();
  };
  const spec = specIn(stack, "away");
  spec.guards.maxRetries = 0;
  const { code, lines } = await stack.run(spec, out, signal, settings());
  expect(code).toBe(EXIT.finished);
  const { runs, problems } = await copy("away", "away");
  expect([problems, await keptLines(runs[0]!)]).toEqual([[], lines]);
});

it("ends a run before its first episode when it refuses the key, or when there is no such bucket", async () => {
  await using stack = await FakeStack.start();
  const wrong = await stack.run(specIn(stack, "x"), new Capture(), signal, { ...settings(), resultsKeys: { s3AccessKeyId: server.keys.accessKeyId, s3SecretAccessKey: "another" } });
  expect([wrong.code, wrong.lines.at(-1)]).toEqual([EXIT.config, expect.stringMatching(/refused S3_ACCESS_KEY_ID \(403: .*SignatureDoesNotMatch.* mend S3_ACCESS_KEY_ID/s)]);
  const nowhere = await stack.run(specIn(stack, "x", { bucket: "no-such-bucket" }), new Capture(), signal, settings());
  expect([nowhere.code, nowhere.lines.at(-1)]).toEqual([EXIT.config, expect.stringMatching(/the bucket no-such-bucket at .* is not there/)]);
  expect(stack.taskApp.requests).toEqual([]);
});

it("refuses what arrives with another digest than was said", async () => {
  const bucket = bucketOf("digest");
  await expect(bucket.put("a", { ...contentOf("arrived"), sha256: contentOf("said").sha256 }, signal)).rejects.toThrow("BadDigest");
  expect(await bucket.list("", signal)).toEqual([]);
});

it("takes a large file as a stream", async () => {
  const [chunk, chunks] = [Buffer.alloc(1 << 20, "adapter"), 300];
  const hash = createHash("sha256");
  for (let index = 0; index < chunks; index++) hash.update(chunk);
  const content = { size: chunk.length * chunks, sha256: hash.digest("hex"), open: async () => Readable.from((function* () { for (let index = 0; index < chunks; index++) yield chunk; })()) };
  const before = process.memoryUsage().rss;
  await bucketOf("large").put("file", content, signal);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
  expect(await bucketOf("large").list("", signal)).toEqual([{ key: "file", size: content.size }]);
});

it("lists more than fits into one answer, names with signs that XML writes otherwise too", async () => {
  const bucket = bucketOf("many");
  const keys = Array.from({ length: 1050 }, (_, index) => `log/a & <b> '${String(index).padStart(4, "0")}'`);
  for (let index = 0; index < keys.length; index += 25) await Promise.all(keys.slice(index, index + 25).map((key) => bucket.put(key, contentOf(key), signal)));
  expect((await bucket.list("log/", signal)).map(({ key }) => key)).toEqual(keys);
});
