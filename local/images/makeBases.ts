import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { LocalContext } from "../context.ts";
import type { PythonEnv } from "../python/pythonEnv.ts";
import type { Digests } from "./baseRecord.ts";
import { debianLayer } from "./debianLayer.ts";
import { ML_BIN, mlLayer } from "./mlLayer.ts";
import { nodeLayer } from "./nodeLayer.ts";
import { npmLayer } from "./npmLayer.ts";
import { type Blob, RegistryPush } from "./registryPush.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface MakeBasesOptions {
  /** The project's folder. */
  root: string;
  /** Address of the registry. */
  registry: string;
  /** Emptied at the start and the end. */
  workDir: string;
  env: PythonEnv;
  /** File of certificates that this machine trusts beyond the public ones. */
  certificates: string | undefined;
}

/**
 * Makes the three base images in the registry: their layers are streamed there as they are written, uncompressed, and
 * never lie on the disk besides. On one core gzip alone would take four minutes.
 *
 * A label that is new each time makes the digests new each time. So when the registry was lost and is made anew, every
 * image that was built on these is built again too, instead of being believed to be there still.
 */
export async function makeBases(options: MakeBasesOptions, ctx: LocalContext): Promise<Digests> {
  const { root, registry, workDir, env, certificates } = options;
  const generation = randomUUID();
  const work = (name: string) => join(workDir, name);
  const push = (name: string) => new RegistryPush(registry, `rewardlab/${name}`, ctx.signal);
  await rm(workDir, { recursive: true, force: true });
  try {
    const layer = async (what: string, repository: string, tar: (onStep: (step: string) => void) => Promise<Readable>) =>
      pushLayer(what, push(repository), tar, ctx);
    const debian = await layer("Debian", "base", (onStep) => debianLayer(work("debian"), onStep, ctx));
    const node = await layer("Node", "base", () => nodeLayer(work("node"), ctx.signal));
    const npm = await layer("npm", "build-base", () => npmLayer(work("npm"), certificates, ctx.signal));
    const ml = await layer("torch and vLLM", "ml-base", () => mlLayer(root, env, ctx.signal));

    const image = async (name: string, layers: Blob[], variables: Record<string, string>): Promise<string> => {
      const repository = push(name);
      for (const blob of layers) await repository.ensureBlob(blob, "rewardlab/base");
      return repository.pushImage(layers, { env: variables, labels: { "rewardlab.dev/image": name, "rewardlab.dev/generation": generation } });
    };
    return {
      base: await image("base", [debian, node], { PATH }),
      "build-base": await image("build-base", [debian, node, npm], { PATH }),
      "ml-base": await image("ml-base", [debian, ml], { PATH: `${ML_BIN}:${PATH}` }),
    };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function pushLayer(
  what: string,
  to: RegistryPush,
  open: (onStep: (step: string) => void) => Promise<Readable>,
  ctx: LocalContext,
): Promise<Blob> {
  const started = performance.now();
  let bytes = 0;
  let step = "";
  const done = () => (bytes > 0 ? `${(bytes / 1e6).toFixed(0)} MB` : step);
  const say = () => ctx.progress(`base images: ${what} ${done()} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  const ticker = setInterval(say, 3000);
  let tar: Readable | undefined;
  try {
    tar = await open((name) => (step = name));
    const blob = await to.pushLayer(tar, (count) => (bytes += count));
    say();
    return blob;
  } finally {
    clearInterval(ticker);
    tar?.destroy();
  }
}
