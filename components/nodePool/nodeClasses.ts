import { z } from "zod";
import { LABEL, labelsOf, poolName } from "../names.ts";

/** The cloud's side of a Karpenter pool: what a node boots from, and into which network. */
export type NodeClass = AksNodeClass | Ec2NodeClass;

/**
 * The fields of an AKSNodeClass that are used, as its documentation has them:
 * https://learn.microsoft.com/azure/aks/node-auto-provisioning-aksnodeclass (its CRD is not to be had as a Go module).
 */
export const aksNodeClass = z.strictObject({
  apiVersion: z.literal("karpenter.azure.com/v1beta1"),
  kind: z.literal("AKSNodeClass"),
  metadata: z.strictObject({ name: z.string().max(63), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({
    imageFamily: z.enum(["Ubuntu2204", "AzureLinux"]),
    osDiskSizeGB: z.int().min(30).max(2048),
    tags: z.record(z.string().max(512), z.string().max(256)),
  }),
});

export type AksNodeClass = z.infer<typeof aksNodeClass>;

export interface AksClassArgs {
  imageFamily: "Ubuntu2204" | "AzureLinux";
  bootDiskGb: number;
}

export function aksNodeClassOf(stack: string, { imageFamily, bootDiskGb }: AksClassArgs): AksNodeClass {
  return aksNodeClass.parse({
    apiVersion: "karpenter.azure.com/v1beta1",
    kind: "AKSNodeClass",
    metadata: { name: poolName(stack), labels: labelsOf({ stack }) },
    // A tag's name takes no slash in Azure.
    spec: { imageFamily, osDiskSizeGB: bootDiskGb, tags: { "rewardlab-stack": stack } },
  } satisfies AksNodeClass);
}

/** Fields and rules as in the module github.com/aws/karpenter-provider-aws, pkg/apis/crds. */
export interface Ec2NodeClass {
  apiVersion: "karpenter.k8s.aws/v1";
  kind: "EC2NodeClass";
  metadata: { name: string; labels: Record<string, string> };
  spec: Record<string, unknown>;
}

export interface Ec2ClassArgs {
  /** Machine image, family@version. */
  amiAlias: string;
  /** IAM role of the nodes. */
  role: string;
  /** Value of the tag karpenter.sh/discovery on the cluster's subnets and security groups. */
  discovery: string;
  bootDiskGb: number;
}

export function ec2NodeClassOf(stack: string, { amiAlias, role, discovery, bootDiskGb }: Ec2ClassArgs): Ec2NodeClass {
  const found = [{ tags: { "karpenter.sh/discovery": discovery } }];
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: poolName(stack), labels: labelsOf({ stack }) },
    spec: {
      amiSelectorTerms: [{ alias: amiAlias }],
      role,
      subnetSelectorTerms: found,
      securityGroupSelectorTerms: found,
      blockDeviceMappings: [{
        deviceName: "/dev/xvda",
        ebs: { volumeSize: `${bootDiskGb}Gi`, volumeType: "gp3", encrypted: true, deleteOnTermination: true },
      }],
      tags: { [LABEL.stack]: stack },
    },
  };
}
