import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { adapterClaimName, gpuClaimName, labelsOf, modelClaimName } from "./names.ts";
import { PAIR_MEMBERS } from "./pod/placement.ts";
import type { Storage } from "./pod/storage.ts";

export interface PairClaimsArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  pair: string;
  /** DeviceClass of the driver that allocates GPUs; left out where a device plugin counts them. */
  deviceClass?: string | undefined;
  adapters: Storage;
  modelCache: Storage;
}

/**
 * What a pair claims for itself, which is nothing where GPUs are counted and files are in folders of the node.
 *
 * Its two GPUs are one claim that its server and its trainer share, a device each: the scheduler allocates a claim as a whole, on
 * one node, when the first pod that needs it is placed; so both members get their GPU on one node or neither does. The claim stays
 * where it is while one of them restarts. For volumes ReadWriteOnce is enough: that is one node, and the pair is on one.
 */
export class PairClaims extends pulumi.ComponentResource {
  constructor(name: string, args: PairClaimsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:gpu:PairClaims", name, {}, opts);
    if (args.deviceClass !== undefined) this.gpus(`${name}-gpus`, args, args.deviceClass);
    if (args.adapters.kind === "claim") this.volume(`${name}-adapters`, adapterClaimName(args.pair), args, args.adapters);
    if (args.modelCache.kind === "claim") this.volume(`${name}-models`, modelClaimName(args.pair), args, args.modelCache);
    this.registerOutputs({});
  }

  private gpus(name: string, { stack, namespace, pair }: PairClaimsArgs, deviceClassName: string): void {
    new k8s.resource.v1.ResourceClaim(name, {
      metadata: { name: gpuClaimName(pair), namespace, labels: labelsOf({ stack, pair }) },
      spec: { devices: { requests: PAIR_MEMBERS.map((member) => ({ name: member, exactly: { deviceClassName, allocationMode: "ExactCount", count: 1 } })) } },
    }, { parent: this });
  }

  private volume(name: string, claimName: string, { stack, namespace, pair }: PairClaimsArgs, { size, storageClass }: Extract<Storage, { kind: "claim" }>): void {
    new k8s.core.v1.PersistentVolumeClaim(name, {
      metadata: { name: claimName, namespace, labels: labelsOf({ stack, pair }) },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: size } },
        ...(storageClass !== undefined && { storageClassName: storageClass }),
      },
    }, { parent: this });
  }
}
