import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelsOf, PREFLIGHT } from "./names.ts";

export interface GpuPreflightArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** Text of the Python program that looks at a GPU. */
  program: string;
}

/**
 * The program that every pod with a GPU runs first, in its own image: vLLM's is a release that is taken as it is, so the
 * program is mounted and not built in. Its name is fixed: a changed program is run by the next pod, and restarts none.
 */
export class GpuPreflight extends pulumi.ComponentResource {
  constructor(name: string, { stack, namespace, program }: GpuPreflightArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:gpu:Preflight", name, {}, opts);
    new k8s.core.v1.ConfigMap(`${name}-program`, {
      metadata: { name: PREFLIGHT.name, namespace, labels: labelsOf({ stack }) },
      data: { [PREFLIGHT.file]: program },
    }, { parent: this, deleteBeforeReplace: true });
    this.registerOutputs({});
  }
}
