import { revealed, type Recording } from "../record.ts";
import { envFile, stackConfig } from "../stacks.ts";

/** Nodes of the faked fleet, with two GPUs each, and the experiments on each of its pairs. */
export const NODES = 100;
export const PER_PAIR = 3;

const image = { reference: `registry.test/image@sha256:${"0".repeat(64)}` };

/** The settings of `dev` for so many experiments: a sweep over seeds, on nodes that carry the pool's label, with images that are there. */
export function fleetConfig(experiments: number): Record<string, unknown> {
  const { gpu, ...dev } = stackConfig("dev");
  return {
    ...dev,
    envFile: envFile(),
    // Its address is laid over this.
    cluster: { identifier: "fleet" },
    gpu: { ...gpu, nodes: [], nodeCount: NODES },
    images: { registry: "registry.test/rewardlab", taskApp: image, runner: image, pairController: image, trainer: image, vllm: image, store: image },
    placement: { perPair: PER_PAIR },
    experiments: [{ config: "configs/crafter_rl_outcome.toml", name: "fleet", matrix: { seed: Array.from({ length: experiments }, (_, seed) => seed + 1) } }],
  };
}

/** The objects of a recorded stack as the provider would send them, in the order of their registration. */
export function manifestsOf({ resources }: Recording): any[] {
  return resources.filter(({ type, read }) => type.startsWith("kubernetes:") && !read).map(({ name, inputs }) => {
    const manifest = revealed(inputs);
    return { ...manifest, metadata: { ...manifest.metadata, name: manifest.metadata.name ?? `${name}-0123abcd` } };
  });
}
