import { z } from "zod";

const count = z.int().min(1);
const name = z.string().min(1);
const unique = <T extends z.ZodType>(of: T) => z.array(of).min(1)
  .refine((values) => new Set(values).size === values.length, "names one of its values twice");

/** What every pool has. */
const pool = {
  /** Where containers see the GPUs through a runtime class of their own only. */
  runtimeClass: name.optional(),
  /**
   * A GPU that multiplies bfloat16 matrices more slowly is refused, in TFLOP/s: one that is throttled, sliced or not used at
   * all. An H100 SXM was measured at about 800, the PCIe card reaches half of that.
   */
  minTeraflops: z.number().positive().default(200),
  /** Most nodes that this stack may use. */
  nodeCount: count.default(1),
  /** Let pods without a GPU run on the pool's nodes: for a cluster of one node. */
  cpuPodsOnGpuNode: z.boolean().default(false),
};

/** What every pool has whose nodes are made for the stack. */
const made = {
  /** Zones to make nodes in; any of the cluster's, if left out. */
  zones: unique(name).optional(),
  /** Disk of a node, in GB: images, the model and adapters are on it. */
  bootDiskGb: z.int().min(100).max(2048).default(300),
  /** An empty node is given back after so many minutes. */
  releaseAfterMinutes: count.max(1440).default(1),
  /** Longest life of a node; the deadline, the servers' start and 15 minutes, if left out. */
  nodeLifeMinutes: count.optional(),
};

const existing = z.strictObject({
  backend: z.literal("existing"),
  ...pool,
  gpusPerNode: z.int().min(2).default(2),
  /** Nodes to label and taint; empty for nodes that carry the labels already. */
  nodes: z.array(name).default([]),
  /** Labels that the pool's nodes have (and get, if they are named above). */
  labels: z.record(name, z.string()).default({}),
  /** Values of the label nvidia.com/gpu.product that will do: one card has several names. */
  products: z.array(name).min(1),
  /** Keep other pods off the nodes named above. */
  taint: z.boolean().default(true),
  /** The nodes are for pairs alone: they have (and get, as above) the taint rewardlab.dev/pool. */
  exclusive: z.boolean().default(false),
  /** How pods get their GPUs: from the device plugin, or by ResourceClaims from a driver. */
  allocation: z.enum(["device-plugin", "dra"]).default("device-plugin"),
  /** DeviceClass of the claims. */
  deviceClass: name.default("gpu.nvidia.com"),
});

const gke = z.strictObject({
  backend: z.literal("gke"),
  ...pool,
  ...made,
  gpusPerNode: z.literal(2).default(2),
  /** Kinds of capacity, in the order in which they are tried. */
  capacity: unique(z.enum(["spot", "flex-start", "on-demand"])).default(["spot", "flex-start"]),
  /** Take nodes of eight GPUs where there are none of two. */
  acceptEightGpus: z.boolean().default(false),
});

const karpenter = {
  ...pool,
  ...made,
  capacity: unique(z.enum(["spot", "on-demand"])).default(["spot", "on-demand"]),
  exclusive: z.boolean().default(true),
};

const aks = z.strictObject({
  backend: z.literal("karpenter-aks"),
  ...karpenter,
  gpusPerNode: z.literal(2).default(2),
  imageFamily: z.enum(["Ubuntu2204", "AzureLinux"]).default("Ubuntu2204"),
});

const aws = z.strictObject({
  backend: z.literal("karpenter-aws"),
  ...karpenter,
  gpusPerNode: z.literal(8).default(8),
  acceptEightGpus: z.boolean().default(false),
  /** Machine image of the nodes. */
  amiAlias: z.string().regex(/^al2023@v\d+$/, "an Amazon Linux 2023 image of one date, for example al2023@v20251023"),
  /** IAM role of the nodes. */
  role: name,
  /** Value of the tag karpenter.sh/discovery of the cluster's subnets and security groups. */
  discovery: name,
});

/** Where the nodes with two GPUs for each pair come from. */
export const gpuSection = z.discriminatedUnion("backend", [existing, gke, aks, aws]);

export type GpuSettings = z.infer<typeof gpuSection>;
