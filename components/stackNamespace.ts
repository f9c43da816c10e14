import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Quote } from "./budget/quote.ts";
import { ANNOTATION, labelsOf, namespaceOf } from "./names.ts";

export interface StackNamespaceArgs {
  stack: string;
  /** GPUs that the stack's pool has. */
  gpus: number;
  /** What it may cost. */
  quote: Pick<Quote, "prices" | "nodeHours" | "cap">;
  /** The pod-security level that all its pods meet. */
  podSecurity: "restricted" | "privileged";
}

/**
 * The namespace of a stack: everything it has in the cluster, but for the labels of its nodes.
 *
 * Pods here meet the "restricted" security level but for folders of the node, where the stack keeps adapters or models there: no
 * level below "privileged" admits them. Hence the label, also for clusters that enforce a stricter level by default.
 */
export class StackNamespace extends pulumi.ComponentResource {
  readonly namespace: k8s.core.v1.Namespace;
  readonly name: pulumi.Output<string>;

  constructor(name: string, { stack, gpus, quote, podSecurity }: StackNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:cluster:Namespace", name, {}, opts);
    this.namespace = new k8s.core.v1.Namespace(`${name}-namespace`, {
      metadata: {
        name: namespaceOf(stack),
        labels: { ...labelsOf({ stack }), "pod-security.kubernetes.io/enforce": podSecurity },
        annotations: {
          [ANNOTATION.gpuLimit]: String(gpus),
          [ANNOTATION.quote]: JSON.stringify({ prices: quote.prices, nodeHours: quote.nodeHours, cost: quote.cap }),
        },
      },
    }, { parent: this, customTimeouts: { delete: "20m" } });
    this.name = this.namespace.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}
