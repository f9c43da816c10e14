import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { nodeLabelOf } from "./names.ts";
import { computeClassOf } from "./nodePool/computeClass.ts";
import { BORROWED_TAINTS } from "./nodePool/gpu.ts";
import { karpenterPoolOf } from "./nodePool/karpenter.ts";
import { type LifeNeeds, nodeLifeMinutes } from "./nodePool/lifetime.ts";
import { aksNodeClassOf, ec2NodeClassOf, type NodeClass } from "./nodePool/nodeClasses.ts";
import type { AksNodes, AwsNodes, ExistingNodes, GpuNodes } from "./nodePool/nodes.ts";
import { SHAPES } from "./nodePool/shapes.ts";

export { GPU, type GpuPool } from "./nodePool/gpu.ts";

export type GpuNodePoolArgs = GpuNodes & {
  stack: string;
  /** What a node must outlive. */
  life: LifeNeeds;
  /** Longest life of a node in minutes; from the above, if left out. Nodes that exist have none. */
  nodeLifeMinutes?: number | undefined;
};

/**
 * A pool of nodes with two GPUs for each pair.
 *
 * Nodes that exist are labelled, and tainted to keep other pods off; both are taken back when the pool is destroyed, and no
 * other field of a node is touched. The list of a node's taints has one owner: on nodes whose taints something else manages
 * (a cloud's node pool), set `taint` to false and let that pool carry the taint.
 *
 * Of the other backends, the pool is a class of nodes: the cluster makes a node when a pair waits for one, gives it back
 * when it is empty, and ends it after its longest life whatever happens. A stack without pods costs no node.
 */
export class GpuNodePool extends pulumi.ComponentResource {
  /** The nodes that were prepared; none where the cluster makes them. */
  readonly nodes: pulumi.Output<string[]>;

  constructor(name: string, args: GpuNodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:gpu:NodePool", name, {}, opts);
    const lifeMinutes = nodeLifeMinutes(args.nodeLifeMinutes, args.life);
    const patches = args.backend === "existing" ? args.nodes.map((node) => this.prepare(name, node, args)) : [];
    if (args.backend === "gke") this.object(`${name}-class`, computeClassOf(args.stack, args, lifeMinutes));
    if (args.backend === "karpenter-aks") this.karpenter(name, args, aksNodeClassOf(args.stack, args), lifeMinutes);
    if (args.backend === "karpenter-aws") this.karpenter(name, args, ec2NodeClassOf(args.stack, args), lifeMinutes);
    this.nodes = pulumi.all(patches.map((patch) => patch.metadata.name));
    this.registerOutputs({ nodes: this.nodes });
  }

  private prepare(name: string, node: string, { stack, labels, taint, exclusive }: ExistingNodes & { stack: string }): k8s.core.v1.NodePatch {
    return new k8s.core.v1.NodePatch(`${name}-${node}`, {
      metadata: { name: node, labels: { ...labels, [nodeLabelOf(stack)]: "true" } },
      ...(taint && { spec: { taints: BORROWED_TAINTS.slice(0, exclusive ? 2 : 1).map((each) => ({ ...each })) } }),
    }, { parent: this });
  }

  private karpenter(name: string, args: (AksNodes | AwsNodes) & { stack: string }, nodeClass: NodeClass, lifeMinutes: number): void {
    const shape = args.backend === "karpenter-aks" ? SHAPES.aks : SHAPES.aws;
    const made = this.object(`${name}-class`, nodeClass);
    // A class is kept by its cloud until the last node of it is gone, so the pool goes first.
    this.object(`${name}-pool`, karpenterPoolOf(args.stack, args, { shape, nodeClass, lifeMinutes }), { dependsOn: [made] });
  }

  private object(name: string, object: k8s.apiextensions.CustomResourceArgs, opts?: pulumi.CustomResourceOptions): k8s.apiextensions.CustomResource {
    return new k8s.apiextensions.CustomResource(name, object, { parent: this, ...opts });
  }
}
