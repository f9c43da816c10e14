import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Planned } from "./planned.ts";
import { RULES, STACK_RULES } from "./rules.ts";
import { changed, containerOf, deployment, namespace } from "./testObjects.ts";

/** The pack as a process, started by Pulumi's own runner and asked over the engine's protocol. */
const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { AnalyzerClient } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js");
/** How the engine says that a text is not known yet (sdk/go/common/resource/plugin/rpc.go). */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let runner: ChildProcess;
let client: any;

beforeAll(async () => {
  const program = require.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
  runner = spawn(process.execPath, [program, "127.0.0.1:1", "."], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(createInterface(runner.stdout!), "line")) as [string];
  client = new AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});
afterAll(async () => {
  client?.close();
  const ended = once(runner, "close");
  runner.kill();
  await ended;
});

const ask = (method: string, request: unknown): Promise<any> => new Promise((resolve, reject) =>
  client[method](request, (error: Error | null, answer: any) => (error ? reject(error) : resolve(answer))));

function filled(request: any, { type, name, props }: Planned) {
  request.setType(type);
  request.setName(name);
  request.setUrn(`urn:pulumi:dev::rewardlab::${type}::${name}`);
  request.setOptions(new messages.AnalyzerResourceOptions());
  request.setProperties(structProto.Struct.fromJavaScript(props as any));
  return request;
}
const analyze = async (object: Planned): Promise<[string, string][]> =>
  (await ask("analyze", filled(new messages.AnalyzeRequest(), object))).getDiagnosticsList().map((each: any) => [each.getPolicyname(), each.getMessage()]);

it("has every rule, and each is mandatory", async () => {
  const info = await ask("getAnalyzerInfo", new (require("google-protobuf/google/protobuf/empty_pb.js").Empty)());
  const policies = info.getPoliciesList().map((policy: any) => [policy.getName(), policy.getEnforcementlevel()]);
  expect(policies).toEqual([...RULES, ...STACK_RULES].map(({ name }) => [name, messages.EnforcementLevel.MANDATORY]));
});

it("reports a violation with its place and the remedy, and nothing of an object as it should be", async () => {
  expect(await analyze(deployment())).toEqual([]);
  expect(await analyze(changed(deployment(), (copy) => void (containerOf(copy)["image"] = "name:latest"))))
    .toEqual([["images-by-digest", expect.stringMatching(/containers\[0\] has the image name:latest.*Write name@sha256/s)]]);
});

it("passes over what is not known yet, and still sees everything else of the object", async () => {
  expect(await analyze(changed(deployment(), (copy) => void (containerOf(copy)["image"] = UNKNOWN_TEXT)))).toEqual([]);
  const both = changed(deployment(), (copy) => {
    Object.assign(containerOf(copy), { image: UNKNOWN_TEXT, resources: {} });
    copy.props["metadata"].labels = {};
  });
  expect((await analyze(both)).map(([rule]) => rule)).toEqual(["requests-on-every-container", "owner-and-stack-labels"]);
});

it("counts the GPUs of the whole stack", async () => {
  const request = new messages.AnalyzeStackRequest();
  request.setResourcesList([namespace(1), deployment("vllm", 1), deployment("trainer", 1)].map((object) => filled(new messages.AnalyzerResource(), object)));
  const found = (await ask("analyzeStack", request)).getDiagnosticsList();
  expect(found.map((each: any) => [each.getPolicyname(), each.getUrn().split("::").at(-1)])).toEqual([["gpus-fit-the-pool", "trainer-deployment"]]);
});
