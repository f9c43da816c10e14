import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { gpuClaimName, labelsOf } from "./names.ts";
import { PAIR_MEMBERS } from "./pod/placement.ts";

export interface GpuClaimArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  pair: string;
  /** DeviceClass of the driver that allocates GPUs. */
  deviceClass: string;
}

/**
 * The two GPUs of a pair, as one claim that its server and its trainer share, a device each.
 *
 * The scheduler allocates a claim as a whole, on one node, when the first pod that needs it is placed; so both members get
 * their GPU on one node or neither does. The claim stays where it is while one of them restarts.
 */
export class GpuClaim extends pulumi.ComponentResource {
  constructor(name: string, args: GpuClaimArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:gpu:GpuClaim", name, {}, opts);
    const { stack, namespace, pair, deviceClass } = args;
    new k8s.resource.v1.ResourceClaim(`${name}-claim`, {
      metadata: { name: gpuClaimName(pair), namespace, labels: labelsOf({ stack, pair }) },
      spec: { devices: { requests: PAIR_MEMBERS.map((member) => ({ name: member, exactly: { deviceClassName: deviceClass, allocationMode: "ExactCount", count: 1 } })) } },
    }, { parent: this });
    this.registerOutputs({});
  }
}
