import { type Cluster, cleanCluster, startCluster } from "./cluster/cluster.ts";
import type { LocalContext } from "./context.ts";
import { ensureGeneratedSecrets, type GeneratedSecrets } from "./generatedSecrets.ts";
import { ensureBaseImages, REGISTRY, stopImageServices } from "./images/baseImages.ts";
import { ensureTinyModel } from "./model/tinyModel.ts";
import { unmountBelow } from "./mounts.ts";
import { openNodeFolder, removeNodeFolder } from "./nodeFolder.ts";
import type { EmbeddedFacts } from "./overlay.ts";
import { ensureMlEnv } from "./python/mlEnv.ts";
import { ensureToolchain, type Toolchain } from "./toolchain/toolchain.ts";

export interface EmbeddedOptions {
  /** The project's folder. */
  root: string;
  cacheDir: string;
  stateDir: string;
  /** File of certificates that this machine trusts beyond the public ones. */
  certificates?: string | undefined;
  /** Keys that the generated env file must hold. */
  secretKeys: readonly string[];
  /** Base URL of a mirror of the toolchain's official downloads. */
  mirrorUrl?: string | undefined;
  /** The stack's file names a model of its own: none is made. */
  ownModel?: boolean;
}

/** What pods need of this machine beside a node: images in the loopback registry, and a model in a folder. */
export type Supplies = Pick<EmbeddedFacts, "registry" | "dockerHost" | "baseImage" | "buildImage" | "mlBaseImage" | "modelPath">;

export interface Embedded {
  facts: EmbeddedFacts;
  toolchain: Toolchain;
  secrets: GeneratedSecrets;
}

/** Times a named part; parts may overlap. */
export type Timer = <T>(part: "toolchain" | "cluster" | "images", what: string, work: () => Promise<T>) => Promise<T>;

/** GPUs that the node announces: as many as the real node has, so that the scheduler places pods as it would there. */
const GPUS = 2;

/**
 * Brings up everything around the program: tools, node, registry with base images, tiny model. What is there is used.
 * Tools and cluster come up beside the images, because each of the two leaves a core idle for much of its time.
 */
export async function startEmbedded(options: EmbeddedOptions, ctx: LocalContext, time: Timer): Promise<Embedded> {
  const secrets = await ensureGeneratedSecrets(options.stateDir, options.secretKeys);
  // The first failure stops the other half too: nobody waits half an hour for the second half of a lost start.
  const controller = new AbortController();
  const both: LocalContext = { progress: ctx.progress, signal: AbortSignal.any([ctx.signal, controller.signal]) };
  const halves = [node(options, both, time), startSupplies(options, both, time)] as const;
  let failure: unknown;
  for (const half of halves) half.catch((error: unknown) => controller.abort((failure ??= error)));
  await Promise.allSettled(halves);
  if (failure !== undefined) throw failure;
  const [{ toolchain, cluster }, supplies] = await Promise.all(halves);
  return {
    toolchain,
    secrets,
    facts: {
      ...supplies,
      kubeconfig: cluster.kubeconfig,
      context: cluster.context,
      clusterIdentifier: cluster.clusterIdentifier,
      nodeName: cluster.nodeName,
      hostRoot: await openNodeFolder(options.stateDir, cluster.clusterIdentifier),
      envFile: secrets.envFile,
    },
  };
}

async function node(options: EmbeddedOptions, ctx: LocalContext, time: Timer): Promise<{ toolchain: Toolchain; cluster: Cluster }> {
  const { cacheDir, stateDir, mirrorUrl } = options;
  const toolchain = await time("toolchain", "Kubernetes, etcd, kwok, CoreDNS and the Pulumi engine", () =>
    ensureToolchain({ cacheDir, ...(mirrorUrl === undefined ? {} : { mirrorUrl }), ...ctx }));
  const cluster = await time("cluster", "one node with a real kubelet", () =>
    startCluster({ toolchain, cacheDir, stateDir, registryAddress: REGISTRY, gpus: GPUS, ...ctx }));
  return { toolchain, cluster };
}

/** Brings up the images' registry and engine, and makes base images and model that are not there. */
export async function startSupplies(options: EmbeddedOptions, ctx: LocalContext, time: Timer): Promise<Supplies> {
  return time("images", options.ownModel ? "registry and base images" : "registry, base images and the tiny model", async () => {
    const bases = await ensureBaseImages(options, ctx);
    if (options.ownModel) return { ...bases, modelPath: null };
    const python = await ensureMlEnv(options, ctx);
    return { ...bases, modelPath: await ensureTinyModel({ ...options, python }, ctx) };
  });
}

/**
 * Ends node, Docker engine and registry and removes every trace of them outside the cache folder, also of a start that was
 * killed. The cache stays, so that the next start is a warm one.
 */
export async function stopEmbedded(options: EmbeddedOptions, ctx: LocalContext): Promise<void> {
  await cleanCluster({ ...options, progress: ctx.progress });
  await stopImageServices(options, ctx);
  await unmountBelow(options.stateDir);
  await removeNodeFolder(options.stateDir);
}
