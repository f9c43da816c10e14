import { namedImages, pruneImages } from "./cluster/images.ts";
import { kubectlFor } from "./cluster/kubectl.ts";
import { layout } from "./cluster/layout.ts";
import type { LocalContext } from "./context.ts";
import { DockerEngine } from "./images/dockerEngine.ts";
import { imagesLayout } from "./images/layout.ts";
import { dropReplacedImages } from "./images/oldImages.ts";
import type { EmbeddedFacts } from "./overlay.ts";
import type { Toolchain } from "./toolchain/toolchain.ts";

export interface TidyOptions {
  cacheDir: string;
  stateDir: string;
  toolchain: Toolchain;
}

/**
 * Keeps the cache from growing with every build: once the stack is up, images that neither a pod nor a Job of the cluster
 * names leave the node's store, and those that a later build has replaced leave the Docker engine. (The registry drops
 * its own when it is started next.) What can't be removed is said and is no failure: the stack is up all the same.
 */
export async function tidyImages(options: TidyOptions, facts: EmbeddedFacts, ctx: LocalContext): Promise<void> {
  const bases = [facts.baseImage, facts.buildImage, facts.mlBaseImage];
  const kubectl = kubectlFor(layout(options), options.toolchain, ctx.signal);
  try {
    const named = namedImages(await kubectl(["get", "pods,jobs,deployments", "--all-namespaces", "--output", "json"]));
    const unused = await pruneImages(options, [...named, ...bases]);
    const replaced = await dropReplacedImages(new DockerEngine(imagesLayout(options)), bases, ctx);
    const count = unused.length + replaced.length;
    if (count > 0) ctx.progress(`removed ${count} image${count === 1 ? "" : "s"} of earlier builds`);
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.progress(`images of earlier builds could not be removed: ${(error as Error).message}`);
  }
}
