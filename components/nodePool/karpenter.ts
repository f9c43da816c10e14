import { labelsOf, nodeLabelOf, poolName } from "../names.ts";
import { EXCLUSIVE_TAINT, GPU } from "./gpu.ts";
import type { NodeClass } from "./nodeClasses.ts";
import type { Shape } from "./shapes.ts";

export type KarpenterCapacity = "spot" | "on-demand";

export interface KarpenterPoolArgs {
  /** Karpenter takes the cheapest of them that can be had. */
  capacity: readonly KarpenterCapacity[];
  zones?: readonly string[];
  /** Most nodes at a time. */
  nodeCount: number;
  /** Keep pods off that are not a pair's, though they ask for a GPU. */
  exclusive: boolean;
  /** An empty node is given back after so long, in minutes. */
  releaseAfterMinutes: number;
}

export interface NodePool {
  apiVersion: "karpenter.sh/v1";
  kind: "NodePool";
  metadata: { name: string; labels: Record<string, string> };
  spec: Record<string, unknown>;
}

const minutes = (count: number) => `${count}m`;
const isIn = (key: string, values: readonly string[]) => ({ key, operator: "In", values: [...values] });

/**
 * The Karpenter pool that makes a stack's nodes; fields and rules as in the module sigs.k8s.io/karpenter, pkg/apis/crds.
 *
 * The card's name is a label of the pool: Karpenter must know before a node exists that a pod which asks for it will fit.
 */
export function karpenterPoolOf(stack: string, args: KarpenterPoolArgs, of: { shape: Shape; nodeClass: NodeClass; lifeMinutes: number }): NodePool {
  const { shape, nodeClass, lifeMinutes } = of;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: poolName(stack), labels: labelsOf({ stack }) },
    spec: {
      template: {
        metadata: { labels: { [nodeLabelOf(stack)]: "true", [GPU.productLabel]: shape.product } },
        spec: {
          nodeClassRef: { group: nodeClass.apiVersion.split("/")[0], kind: nodeClass.kind, name: nodeClass.metadata.name },
          requirements: [
            isIn("node.kubernetes.io/instance-type", [shape.machine]),
            isIn("karpenter.sh/capacity-type", args.capacity),
            isIn("kubernetes.io/os", ["linux"]),
            ...(args.zones ? [isIn("topology.kubernetes.io/zone", args.zones)] : []),
          ],
          taints: [{ ...GPU.taint }, ...(args.exclusive ? [{ ...EXCLUSIVE_TAINT }] : [])],
          expireAfter: minutes(lifeMinutes),
          // A pod that does not end must not keep a node that is paid for.
          terminationGracePeriod: "5m",
        },
      },
      disruption: {
        consolidationPolicy: "WhenEmpty",
        consolidateAfter: minutes(args.releaseAfterMinutes),
        // All empty nodes at once; a pair's node never, not even for a newer machine image: its runs would end with it.
        budgets: [{ nodes: "100%", reasons: ["Empty"] }, { nodes: "0", reasons: ["Drifted", "Underutilized"] }],
      },
      limits: { [GPU.resource]: String(args.nodeCount * shape.gpus) },
    },
  };
}
