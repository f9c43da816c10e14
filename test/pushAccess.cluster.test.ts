import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { demandPush } from "../cli/registry/demandPush.ts";
import { ensureDebianPackages } from "../local/packages.ts";
import { endProcess, freePort } from "../local/providers/testProcess.ts";

/** What a real registry says to a stack whose images would be built and pushed, before anything is. */

const folder = mkdtempSync(join(tmpdir(), "rewardlab-registry-"));
let registry: ChildProcess;
let address: string;
let count = 0;

beforeAll(() => ensureDebianPackages(["docker-registry"], { progress: () => {}, signal: AbortSignal.timeout(300_000) }));
afterEach(() => endProcess(registry, 15));

const stored = () => join(folder, `store-${count}`);
async function start(more: object = {}, storage: object = {}): Promise<void> {
  address = `127.0.0.1:${await freePort()}`;
  const config = join(folder, `${++count}.json`);
  writeFileSync(config, JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: stored() }, ...storage }, http: { addr: address }, ...more }));
  registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  await expect.poll(() => fetch(`http://${address}/v2/`).then(() => true, () => false), { timeout: 20_000 }).toBe(true);
}

const base = { base: "python:3.11.14-slim-bookworm", buildArgs: {} };
const given = { reference: "lab.example/vllm:v1" };
const said: string[] = [];
const asked = () => demandPush({ images: { registry: `${address}/lab`, taskApp: base, runner: base, trainer: base, vllm: given } } as never, { logins: false, say: (line) => said.push(line) });

test("a registry that takes pushes keeps nothing of having been asked", async () => {
  await start();
  await asked();
  // Empty folders of a cancelled upload stay in some versions.
  expect(readdirSync(stored(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name === "data")).toEqual([]);
  expect(await (await fetch(`http://${address}/v2/_catalog`)).json()).toEqual({ repositories: [] });
});

test("one that asks for a login refuses, with each repository and the command to log in; an image that is not built is not asked for", async () => {
  await start({ auth: { silly: { realm: "lab", service: "lab" } } });
  const refusal = await asked().then(() => "", ({ message }: Error) => message);
  for (const name of ["task-app", "runner", "trainer"]) expect(refusal).toContain(`refuses a push to ${address}/lab/${name}: it asks for a login; log in with: docker login ${address}`);
  expect(refusal).not.toContain("vllm");
  expect(refusal).toMatch(/Nothing was changed\.$/);
});

test("one that can only be read refuses", async () => {
  await start({}, { maintenance: { readonly: { enabled: true } } });
  await expect(asked()).rejects.toThrow(/it answers 405; use a login that may push there, or another images\.registry/);
});

test("one that can't be asked from here is said, and is no refusal: the engine that pushes may reach it", async () => {
  await start();
  await endProcess(registry, 15);
  expect(said).toEqual([]);
  await asked();
  expect(said).toEqual([expect.stringMatching(`^images.registry: ${address} does not answer: .*; whether it takes a push is seen at the first one$`)]);
  rmSync(folder, { recursive: true, force: true });
});
