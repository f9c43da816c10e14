import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeCgroups } from "../cgroups.ts";
import { run } from "../command.ts";
import { stopDaemon } from "../daemon/daemon.ts";
import { ensureDebianPackages } from "../packages.ts";
import { BUILDS, DOCKER, DockerEngine } from "./dockerEngine.ts";
import { imagesLayout } from "./layout.ts";
import { dropReplacedImages } from "./oldImages.ts";
import { REGISTRY_DAEMON, startRegistry } from "./registry.ts";
import { RegistryPush } from "./registryPush.ts";

/** Against Docker's engine and Debian's registry themselves, in a folder of their own. */
const ADDRESS = "127.0.0.1:18298";
const signal = new AbortController().signal;
const said: string[] = [];
const ctx = { progress: (message: string) => void said.push(message), signal };
const folder = mkdtempSync(join(tmpdir(), "rl-old-"));
const places = imagesLayout({ cacheDir: join(folder, "cache"), stateDir: join(folder, "state") });
const engine = new DockerEngine(places);
const repository = (name: string) => new RegistryPush(ADDRESS, name, signal);
const stopRegistry = () => stopDaemon(REGISTRY_DAEMON, places, { graceSeconds: 10 });

beforeAll(async () => {
  await ensureDebianPackages(["docker.io", "docker-registry"], ctx);
  await Promise.all([engine.start(ctx), startRegistry(ADDRESS, places, ctx)]);
}, 120_000);
afterAll(async () => {
  await stopRegistry();
  await stopDaemon(DOCKER, places, { graceSeconds: 15 });
  removeCgroups(BUILDS);
  rmSync(folder, { recursive: true });
});

/** Makes an image of one file, gives it the tag that all builds of a stack have, and pushes it; returns its digest. */
async function build(text: string): Promise<string> {
  writeFileSync(join(folder, "file"), text);
  await run("tar", ["-C", folder, "-cf", join(folder, "layer.tar"), "file"]);
  await engine.docker(["import", join(folder, "layer.tar"), `${ADDRESS}/app:local`], ctx);
  const output = await engine.docker(["push", `${ADDRESS}/app:local`], ctx);
  return /sha256:[0-9a-f]{64}/.exec(output)![0];
}

test("a replaced image leaves the engine at once and the registry before it starts again; bases and the new one stay", async () => {
  const layer = await repository("base").pushLayer(Readable.from([await tarOf("of the base")]));
  const base = await repository("base").pushImage([layer], { env: {}, labels: {} });
  await engine.ensureImage(`${ADDRESS}/base@${base}`, ctx);
  const [old, current] = [await build("one"), await build("two")];

  expect(await dropReplacedImages(engine, [`${ADDRESS}/base@${base}`], ctx)).toEqual([`${ADDRESS}/app@${old}`]);
  const held = await engine.docker(["image", "ls", "--digests", "--format", "{{.Repository}}@{{.Digest}}"], ctx);
  expect(held.trim().split("\n").sort()).toEqual([`${ADDRESS}/app@${current}`, `${ADDRESS}/base@${base}`]);

  const inRegistry = async () => [await repository("app").has(old), await repository("app").has(current), await repository("base").has(base)];
  expect(await inRegistry()).toEqual([true, true, true]);
  // As a killed push leaves it.
  const upload = join(places.registry.storage, "docker/registry/v2/repositories/app/_uploads/0123");
  mkdirSync(upload, { recursive: true });
  await startRegistry(ADDRESS, places, ctx);
  expect(existsSync(upload)).toBe(true);
  await stopRegistry();
  await startRegistry(ADDRESS, places, ctx);
  expect(await inRegistry()).toEqual([false, true, true]);
  expect(existsSync(upload)).toBe(false);
  expect(said.filter((line) => line.includes("could not be removed"))).toEqual([]);
}, 120_000);

async function tarOf(text: string): Promise<Buffer> {
  writeFileSync(join(folder, "file"), text);
  await run("tar", ["-C", folder, "-cf", join(folder, "base.tar"), "file"]);
  return readFileSync(join(folder, "base.tar"));
}

test("a storage that a power cut has torn is no reason not to start, and it is said", async () => {
  const hex = (await build("three")).slice("sha256:".length);
  await stopRegistry();
  writeFileSync(join(places.registry.storage, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data"), "");
  await startRegistry(ADDRESS, places, ctx);
  expect(said.at(-1)).toMatch(/^registry: old images could not be removed: .*manifest/);
});
