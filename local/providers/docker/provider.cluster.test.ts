import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "vitest";
import type { ResourceLog } from "../protocol/engineLog.ts";
import { plain, type PropertyMap, secret } from "../protocol/propertyValues.ts";
import { DockerProvider } from "./provider.ts";
import { startDocker, type TestDocker } from "./testDocker.ts";

const TYPE = "docker:index/image:Image";
let docker: TestDocker;
let provider: DockerProvider;
let context: string;
let statuses: string[];

const log: ResourceLog = { log: () => {}, status: (_, line) => void statuses.push(line) };
const write = (name: string, text: string) => writeFileSync(join(context, name), text);
const image = (more: PropertyMap = {}): PropertyMap => ({
  imageName: `${docker.registry}/rewardlab/tiny:test`,
  build: { context, platform: "linux/amd64", builderVersion: "BuilderV1", network: "host", args: { WHO: "me" } },
  ...more,
});
const check = async (news: PropertyMap, olds?: PropertyMap) => {
  const result = await provider.check({ urn: "urn", type: TYPE, name: "tiny", olds, news, randomSeed: new Uint8Array(), autonaming: undefined });
  expect(result.failures).toEqual([]);
  return result.inputs;
};
const create = async (news: PropertyMap, preview = false) => {
  const inputs = await check(news);
  return { inputs, ...(await provider.create({ urn: "urn", type: TYPE, inputs, timeoutSeconds: 0, preview })) };
};
const diff = async (made: { id: string; properties: PropertyMap; inputs: PropertyMap }, news: PropertyMap) => {
  const { changes } = await provider.diff({ urn: "urn", type: TYPE, id: made.id, olds: made.properties, oldInputs: made.inputs, news: await check(news), ignoreChanges: [] });
  return [...changes.keys()];
};
const manifestOf = (digest: string) =>
  fetch(`http://${docker.registry}/v2/rewardlab/tiny/manifests/${digest}`, { headers: { Accept: "application/vnd.docker.distribution.manifest.v2+json" } });

beforeAll(async () => {
  docker = await startDocker();
});
afterAll(() => docker.stop());
beforeEach(async () => {
  statuses = [];
  context = mkdtempSync(join(tmpdir(), "rewardlab-tiny-"));
  write("Dockerfile", "FROM scratch\nARG WHO\nCOPY . /\nLABEL who=$WHO\n");
  write("hello", "hello");
  provider = new DockerProvider("0.0.0", log, undefined);
  await provider.configure({ host: docker.host });
});
afterEach(() => rmSync(context, { recursive: true }));

test("an image is built and pushed, and its outputs name the digest that the registry has", async () => {
  const made = await create(image());
  const outputs = plain(made.properties);
  const name = `${docker.registry}/rewardlab/tiny`;
  expect(made.id).toBe(`${name}:test`);
  expect(outputs).toMatchObject({ imageName: made.id, baseImageName: made.id, context, dockerfile: "Dockerfile", platform: "linux/amd64", registryServer: "" });
  const [repository, digest] = String(outputs.repoDigest).split("@");
  expect(repository).toBe(name);
  const answer = await manifestOf(digest!);
  expect(answer.headers.get("docker-content-digest")).toBe(digest);
  expect(statuses.join("\n")).toMatch(/Step 1\/4[^]*push: /);
});

test("nothing changed means no other build; a changed file, argument or platform means one", async () => {
  const made = await create(image());
  expect(await diff(made, image())).toEqual([]);
  write("hello", "changed");
  expect(await diff(made, image())).toEqual(["build"]);
  const news = await check(image());
  const updated = await provider.update({ urn: "urn", type: TYPE, id: made.id, olds: made.properties, oldInputs: made.inputs, news, timeoutSeconds: 0, ignoreChanges: [], preview: false });
  expect(plain(updated).repoDigest).not.toBe(plain(made.properties).repoDigest);
});

test("a preview builds nothing, unless the program wants it to", async () => {
  const made = await create(image(), true);
  expect(made.properties).toEqual(made.inputs);
  expect(statuses).toEqual([]);
  const built = await create(image({ buildOnPreview: true }), true);
  expect(plain(built.properties).repoDigest).toMatch(/^sha256:/);
});

test("without a push the digest is the local image's id", async () => {
  const made = await create(image({ skipPush: true, imageName: "tiny:local" }));
  expect(plain(made.properties).repoDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test("a registry that was emptied is noticed, and the image is built again", async () => {
  const made = await create(image());
  await docker.emptyRegistry();
  expect(await diff(made, image())).toEqual(["repoDigest"]);
  await create(image());
  expect(await diff(made, image())).toEqual([]);
});

test("credentials reach the state only as secrets, and new ones are no change", async () => {
  const registry = (password: string) => ({ server: docker.registry, username: "me", password });
  const made = await create(image({ registry: registry("sentinel") }));
  expect(made.inputs.registry).toMatchObject({ password: secret("sentinel") });
  expect(made.properties.__inputs).toEqual(secret(plain(made.inputs)));
  expect(JSON.stringify({ ...made.properties, __inputs: null })).not.toContain("sentinel");
  expect(await diff(made, image({ registry: registry("another") }))).toEqual([]);
});

test("a build that fails shows the builder's last lines", async () => {
  write("Dockerfile", "FROM scratch\nCOPY nothing-of-this-name /\n");
  await expect(create(image())).rejects.toThrow(/nothing-of-this-name[^]*last lines of the build:\nStep 1\/2/);
});

test("a base that can't be had, and BuildKit, are errors that say so", async () => {
  write("Dockerfile", "FROM 127.0.0.1:1/none:1\n");
  await expect(create(image())).rejects.toThrow(/127\.0\.0\.1:1/);
  const build = { ...(image().build as PropertyMap), builderVersion: "BuilderBuildKit" };
  await expect(create(image({ build }))).rejects.toThrow(/BuilderBuildKit[^]*official provider/);
});

test("an engine that isn't there is an error with its address", async () => {
  await provider.configure({ host: "unix:///nowhere.sock" });
  await expect(create(image())).rejects.toThrow(/unix:\/\/\/nowhere.sock doesn't answer[^]*Is dockerd running/);
});

test("cancelling ends a build at once", async () => {
  write("Dockerfile", "FROM scratch\nCOPY . /\n");
  for (let index = 0; index < 20; index++) write(`big-${index}`, "x".repeat(4_000_000));
  const making = create(image()).catch((error: unknown) => error);
  setTimeout(() => provider.cancel(), 30);
  expect(await making).toBeInstanceOf(Error);
});

test("another resource of the provider is refused by name", async () => {
  const request = { urn: "urn", type: "docker:index/container:Container", name: "c", olds: undefined, news: {}, randomSeed: new Uint8Array(), autonaming: undefined };
  const { failures } = await provider.check(request);
  expect(failures[0]!.reason).toContain("docker:index/container:Container isn't in this stand-in");
});

test("deleting removes nothing at the registry", async () => {
  const made = await create(image());
  await provider.delete();
  expect((await manifestOf(String(plain(made.properties).repoDigest).split("@")[1]!)).status).toBe(200);
});
