import { poolName } from "../names.ts";
import { pairsOnNode } from "../packing.ts";
import { COMPUTE_CLASS_KEY, EXCLUSIVE_TAINT, GPU, type GpuPool, KARPENTER_POOL_LABEL } from "./gpu.ts";
import type { GpuNodes } from "./nodes.ts";
import { GKE_ACCELERATOR, SHAPES } from "./shapes.ts";

/**
 * How pods find the nodes of a stack's pool.
 *
 * @param queue LocalQueue of Kueue; none: the pair controller gives turns
 */
export function poolOf(stack: string, nodes: GpuNodes, queue: string | undefined = undefined): GpuPool {
  const products = productsOf(nodes);
  const common = {
    preflight: { products, teraflops: nodes.minTeraflops },
    pairsPerNode: pairsOnNode(nodes.gpusPerNode), cpuPodsOnGpuNode: nodes.cpuPodsOnGpuNode,
    ...(nodes.runtimeClass && { runtimeClass: nodes.runtimeClass }), ...(queue !== undefined && { queue }),
  };
  const name = poolName(stack);
  const taints = [GPU.taint.key, ...("exclusive" in nodes && nodes.exclusive ? [EXCLUSIVE_TAINT.key] : [])];
  switch (nodes.backend) {
    case "existing":
      return { ...common, labels: nodes.labels, cards: { label: GPU.productLabel, names: products }, taints, ...(nodes.allocation === "dra" && { deviceClass: nodes.deviceClass }) };
    case "gke":
      return { ...common, labels: { [COMPUTE_CLASS_KEY]: name }, cards: { label: GPU.acceleratorLabel, names: [GKE_ACCELERATOR] }, taints: [...taints, COMPUTE_CLASS_KEY] };
    case "karpenter-aks":
    case "karpenter-aws":
      return { ...common, labels: { [KARPENTER_POOL_LABEL]: name }, cards: { label: GPU.productLabel, names: products }, taints };
  }
}

/** The cards that a pool's nodes may have, by GPU feature discovery's names. */
function productsOf(nodes: GpuNodes): readonly string[] {
  switch (nodes.backend) {
    case "existing": return nodes.products;
    case "gke": return [SHAPES.gke.product];
    case "karpenter-aks": return [SHAPES.aks.product];
    case "karpenter-aws": return [SHAPES.aws.product];
  }
}
