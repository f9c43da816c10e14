import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { removeCgroups } from "../cgroups.ts";
import type { LocalContext } from "../context.ts";
import { stopDaemon } from "../daemon/daemon.ts";
import { ensureDebianPackages } from "../packages.ts";
import { ensureMlEnv } from "../python/mlEnv.ts";
import type { PythonEnv } from "../python/pythonEnv.ts";
import { type BaseRecord, readRecord, writeRecord } from "./baseRecord.ts";
import { DEBIAN_RECIPE } from "./debianLayer.ts";
import { BUILDS, DOCKER, DockerEngine } from "./dockerEngine.ts";
import { type ImagesLayout, imagesLayout } from "./layout.ts";
import { makeBases } from "./makeBases.ts";
import { mlRecipe } from "./mlLayer.ts";
import { REGISTRY_DAEMON, startRegistry } from "./registry.ts";
import { RegistryPush } from "./registryPush.ts";

/** Address of the loopback registry, as pods' image references name it. */
export const REGISTRY = "127.0.0.1:5000";

/** Debian packages of the programs that make, hold and build images. */
export const IMAGE_PACKAGES = ["docker.io", "docker-registry", "mmdebstrap", "tar"];

/** Bumped when what goes into an image changes without one of its inputs changing. */
const RECIPE = 2;

export interface BaseImages {
  dockerHost: string;
  registry: string;
  /** Debian, Python and Node; by digest. */
  baseImage: string;
  /** The same with npm and the machine's way to its registry: for build stages only. */
  buildImage: string;
  /** Debian, Python, torch, vLLM and everything that the Python images share, at /opt/ml. */
  mlBaseImage: string;
}

export interface ImagesOptions {
  /** The project's folder. */
  root: string;
  cacheDir: string;
  stateDir: string;
  /** File of certificates that this machine trusts beyond the public ones. */
  certificates?: string | undefined;
}

/**
 * Starts the Docker engine and the registry and makes sure that both have the base images. They are made once, and again
 * only when what is in them changes; then all that was built on the old ones is dropped, so the cache does not grow.
 *
 * Throws when a package can't be installed, apt serves no Debian of the release, or the port of the registry is taken.
 */
export async function ensureBaseImages(options: ImagesOptions, ctx: LocalContext): Promise<BaseImages> {
  const places = imagesLayout(options);
  await ensureDebianPackages(IMAGE_PACKAGES, ctx);
  const engine = new DockerEngine(places);
  const [, , env] = await Promise.all([engine.start(ctx), startRegistry(REGISTRY, places, ctx), ensureMlEnv(options, ctx)]);
  const key = await recipeKey(options, env);
  const known = await readRecord(places.record);
  const record = known?.key === key && (await isHeld(known, ctx)) ? known : await makeAgain(options, places, env, key, engine, ctx);

  const reference = (name: keyof BaseRecord["digests"]) => `${REGISTRY}/rewardlab/${name}@${record.digests[name]}`;
  const images = { baseImage: reference("base"), buildImage: reference("build-base"), mlBaseImage: reference("ml-base") };
  for (const image of Object.values(images)) await engine.ensureImage(image, ctx);
  return { dockerHost: engine.host, registry: REGISTRY, ...images };
}

/** Ends engine and registry; their caches stay. */
export async function stopImageServices(options: Pick<ImagesOptions, "cacheDir" | "stateDir">, _ctx: LocalContext): Promise<void> {
  const places = imagesLayout(options);
  for (const name of [DOCKER, REGISTRY_DAEMON]) await stopDaemon(name, places, { graceSeconds: 15 });
  removeCgroups(BUILDS);
}

/** Changes with everything that decides what is in the images. */
async function recipeKey({ root, certificates }: ImagesOptions, env: PythonEnv): Promise<string> {
  const trusted = certificates === undefined ? "" : await readFile(certificates, "utf8");
  const recipe = { RECIPE, trusted, DEBIAN_RECIPE, node: process.version, ml: await mlRecipe(root, env) };
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex");
}

async function isHeld({ digests }: BaseRecord, { signal }: LocalContext): Promise<boolean> {
  const held = Object.entries(digests).map(([name, digest]) => new RegistryPush(REGISTRY, `rewardlab/${name}`, signal).has(digest));
  return (await Promise.all(held)).every(Boolean);
}

async function makeAgain(
  { root, certificates }: ImagesOptions,
  places: ImagesLayout,
  env: PythonEnv,
  key: string,
  engine: DockerEngine,
  ctx: LocalContext,
): Promise<BaseRecord> {
  await rm(places.record, { force: true });
  await stopDaemon(REGISTRY_DAEMON, places, { graceSeconds: 15 });
  await rm(places.registry.storage, { recursive: true, force: true });
  await startRegistry(REGISTRY, places, ctx);
  await engine.prune(ctx);
  const digests = await makeBases({ root, registry: REGISTRY, workDir: places.work, env, certificates }, ctx);
  await writeRecord(places.record, { key, digests });
  return { schema: 1, key, digests };
}
