import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AppsV1Api, BatchV1Api, CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { folders } from "../../components/settings.ts";
import { type ControlPlane, startControlPlane } from "../providers/testControlPlane.ts";
import { ensureToolchain } from "../toolchain/toolchain.ts";
import { forgetStack, readOutputs } from "./runStack.ts";
import { StackFailure } from "./stackFailure.ts";
import { NAMESPACE as namespace, runTestStack, testOptions, type TestStack } from "./testStack.ts";

let plane: ControlPlane;
let core: CoreV1Api;
let base: Omit<TestStack, "operation">;
const never = new AbortController().signal;

const up = (more: Partial<TestStack> = {}) => runTestStack({ ...base, operation: "up", ...more });
const down = () => runTestStack({ ...base, operation: "destroy" });
const state = () => readFileSync(join(base.folder, "backend", ".pulumi", "stacks", "rewardlab", "test.json"), "utf8");
const jobs = async () => {
  const { items } = await plane.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace });
  return items.map(({ metadata }) => metadata!.name!);
};

beforeAll(async () => {
  plane = await startControlPlane();
  core = plane.config.makeApiClient(CoreV1Api);
  await core.createNode({ body: { metadata: { name: "test-node" } } });
  const { binaries } = await ensureToolchain({ cacheDir: folders().cacheDir, progress: () => {} });
  const folder = mkdtempSync(join(tmpdir(), "rewardlab-engine-"));
  base = { folder, kubeconfig: plane.kubeconfig, pulumiBinary: binaries.pulumi };
});
afterAll(async () => {
  await plane.stop();
  rmSync(base.folder, { recursive: true });
});

describe("a stack from its first run to its last", () => {
  let first: string;

  test("a preview says what would be made, and makes nothing", async () => {
    const { changes, outputs } = await runTestStack({ ...base, operation: "preview" });
    expect(changes).toEqual({ create: 7 });
    expect(outputs).toEqual({});
    await expect(core.readNamespace({ name: namespace })).rejects.toMatchObject({ code: 404 });
  });

  test("up makes it, masks secret outputs, and keeps every secret out of all files in clear", async () => {
    const { changes, outputs } = await up();
    expect(changes).toEqual({ create: 7 });
    [first] = (await jobs()) as [string];
    expect(outputs).toEqual({ job: first, hidden: "[secret]" });
    expect(await readOutputs(testOptions({ ...base, operation: "up" }, () => {}, never))).toEqual(outputs);
    const needles = ["sentinel-one", Buffer.from("sentinel-one").toString("base64"), "sentinel-output", "test-only"];
    const found = spawnSync("grep", ["-rlF", ...needles.flatMap((needle) => ["-e", needle]), base.folder], { encoding: "utf8" });
    expect(found.stdout).toBe("");
    const node = await core.readNode({ name: "test-node" });
    expect(node.metadata!.labels).toEqual({ pool: "gpu" });
  });

  test("a second up changes nothing", async () => {
    expect((await up()).changes).toEqual({ same: 7 });
  });

  test("a refresh finds nothing either", async () => {
    const { changes } = await runTestStack({ ...base, operation: "refresh" });
    expect(changes).toEqual({ same: 7 });
  });

  test("a changed config replaces exactly its ConfigMap and its Job", async () => {
    expect((await up({ value: "2" })).changes).toEqual({ replace: 2, same: 5 });
    const now = await jobs();
    expect(now).toHaveLength(1);
    expect(now).not.toContain(first);
  });

  test("a rotated secret is changed in place, and reruns nothing", async () => {
    const before = await jobs();
    expect((await up({ value: "2", secret: "sentinel-two" })).changes).toEqual({ update: 1, same: 6 });
    expect(await jobs()).toEqual(before);
  });

  test("an object that somebody deleted is found by a refresh and made again", async () => {
    await core.deleteNamespacedSecret({ namespace, name: "env" });
    await runTestStack({ ...base, operation: "refresh" });
    expect((await up({ value: "2" })).changes).toMatchObject({ create: 1 });
  });

  test("destroy removes all of it, gives the node's label up, and forgets the stack", async () => {
    await down();
    await expect(core.readNamespace({ name: namespace })).rejects.toMatchObject({ code: 404 });
    expect((await core.readNode({ name: "test-node" })).metadata!.labels ?? {}).toEqual({});
    expect(() => state()).toThrow();
  });
});

describe("a run that was cut off", () => {
  let child: ChildProcess;
  let output: string[];

  /** Starts `up` with a Deployment that never gets ready, in a process of its own, and waits until it's waited for. */
  const startAndWait = async () => {
    const script = fileURLToPath(new URL("testStack.ts", import.meta.url));
    const options: TestStack = { ...base, operation: "up", waits: true };
    child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ["ignore", "pipe", "pipe"] });
    output = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      output.push(line);
      if (line.includes("creating Deployment slow")) return;
    }
    throw new Error(`it ended early:\n${output.join("\n")}`);
  };
  const slow = () => plane.config.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace, name: "slow" });

  beforeEach(async () => {
    await startAndWait();
    expect((await slow()).metadata!.name).toBe("slow");
  });

  test("by SIGKILL is taken up by the next one: the engine is ended, the object adopted, then all goes on", async () => {
    const { uid } = (await slow()).metadata!;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    const lines: string[] = [];
    await runTestStack({ ...base, operation: "up" }, (line) => lines.push(line));
    expect(lines.join("\n")).toMatch(/looking what became of them/);
    await expect(slow()).rejects.toMatchObject({ code: 404 });
    const { pending_operations: pending } = (JSON.parse(state()) as { checkpoint: { latest: { pending_operations?: unknown[] } } }).checkpoint.latest;
    expect(pending ?? []).toEqual([]);
    expect(uid).toBeDefined();
    await down();
  });

  test("by SIGKILL can be destroyed: nothing is left", async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await down();
    await expect(core.readNamespace({ name: namespace })).rejects.toMatchObject({ code: 404 });
  });
});

test.each(["each step", "at the end"] as const)("a cancelled run stops in order, its state saved %s: the object is recorded and the next run goes on", async (stateSaving) => {
  const controller = new AbortController();
  let known: boolean | undefined;
  const running = runTestStack({ ...base, operation: "up", waits: true, stateSaving }, (line) => {
    if (!line.startsWith("creating Deployment slow")) return;
    known ??= state().includes("kubernetes:core/v1:Namespace");
    controller.abort(new Error("Ctrl-C"));
  }, controller.signal);
  await expect(running).rejects.toThrow("Ctrl-C");
  expect(known).toBe(stateSaving === "each step");
  expect(state()).toContain("kubernetes:apps/v1:Deployment");
  await up();
  await down();
});

test("a failure names the resource and what the server said, once", async () => {
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  const failure = (await up().catch((error: unknown) => error)) as StackFailure;
  expect(failure).toBeInstanceOf(StackFailure);
  expect(failure.problems).toEqual([{ resource: "Namespace home", message: expect.stringMatching(/already exists[^]*pulumi import/) }]);
  await down();
  await core.deleteNamespace({ name: namespace });
});

test("a stack whose cluster is gone is forgotten without touching anything", async () => {
  await expect.poll(() => core.readNamespace({ name: namespace }).then(() => "there", () => "gone"), { timeout: 30_000 }).toBe("gone");
  await up();
  await forgetStack(testOptions({ ...base, operation: "up" }, () => {}, never));
  expect((await core.readNamespace({ name: namespace })).metadata!.name).toBe(namespace);
  expect(readdirSync(join(base.folder, "backend", ".pulumi", "stacks", "rewardlab")).filter((name) => name.endsWith(".json"))).toEqual([]);
});
