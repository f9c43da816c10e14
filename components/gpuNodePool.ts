import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { nodeLabelOf } from "./names.ts";

/** What a GPU is called on a node: written here and nowhere else. */
export const GPU = {
  /** Resource that pods ask for and the device plugin counts. */
  resource: "nvidia.com/gpu",
  taint: { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
  /** Label of GPU feature discovery with the card's name. */
  productLabel: "nvidia.com/gpu.product",
} as const;

/** What a pod must know of a pool to run on it. */
export interface GpuPool {
  /** Labels of the pool's nodes. */
  labels: Readonly<Record<string, string>>;
  /** Values of the product label that will do. */
  products: readonly string[];
  runtimeClass?: string;
  /** Let pods without a GPU run on the pool's nodes. */
  cpuPodsOnGpuNode: boolean;
}

export interface GpuNodePoolArgs {
  stack: string;
  /** Nodes to label and taint, by name. */
  nodes: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Keep pods that don't ask for a GPU off these nodes. */
  taint: boolean;
}

/**
 * A pool of nodes with two GPUs for each pair, on nodes that exist: labels them and keeps other pods off, and takes both
 * back when it is destroyed. It touches no other field of a node, and creates none.
 *
 * The list of a node's taints has one owner: on nodes whose taints something else manages (a cloud's node pool), set
 * `taint` to false and let that pool carry the taint.
 */
export class GpuNodePool extends pulumi.ComponentResource {
  /** The nodes that were prepared. */
  readonly nodes: pulumi.Output<string[]>;

  constructor(name: string, args: GpuNodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:gpu:NodePool", name, {}, opts);
    const patches = args.nodes.map((node) => this.prepare(name, node, args));
    this.nodes = pulumi.all(patches.map((patch) => patch.metadata.name));
    this.registerOutputs({ nodes: this.nodes });
  }

  private prepare(name: string, node: string, { stack, labels, taint }: GpuNodePoolArgs): k8s.core.v1.NodePatch {
    return new k8s.core.v1.NodePatch(`${name}-${node}`, {
      metadata: { name: node, labels: { ...labels, [nodeLabelOf(stack)]: "true" } },
      ...(taint && { spec: { taints: [{ ...GPU.taint }] } }),
    }, { parent: this });
  }
}
