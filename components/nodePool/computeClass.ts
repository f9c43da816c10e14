import { z } from "zod";
import { labelsOf, nodeLabelOf, poolName } from "../names.ts";
import { GKE_ACCELERATOR, SHAPES } from "./shapes.ts";

/**
 * The fields of a GKE ComputeClass that are used, as its reference has them:
 * https://cloud.google.com/kubernetes-engine/docs/reference/crds/computeclass (its CRD is not published as a file).
 */
const priority = z.strictObject({
  machineType: z.string(),
  gpu: z.strictObject({ type: z.string(), count: z.int().min(1), driverVersion: z.enum(["default", "latest"]) }),
  spot: z.boolean().optional(),
  flexStart: z.strictObject({ enabled: z.boolean() }).optional(),
  maxRunDurationSeconds: z.int().min(1),
  location: z.strictObject({ zones: z.array(z.string()).min(1) }).optional(),
  storage: z.strictObject({ bootDiskSize: z.int().min(10), bootDiskType: z.string() }),
}).refine(({ spot, flexStart }) => !(spot && flexStart?.enabled), "a node is Spot or Flex-start, not both");

export const computeClass = z.strictObject({
  apiVersion: z.literal("cloud.google.com/v1"),
  kind: z.literal("ComputeClass"),
  metadata: z.strictObject({ name: z.string().max(63), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({
    description: z.string(),
    /** Tried in this order. */
    priorities: z.array(priority).min(1),
    nodePoolAutoCreation: z.strictObject({ enabled: z.boolean() }),
    nodePoolConfig: z.strictObject({ nodeLabels: z.record(z.string(), z.string()) }),
    autoscalingPolicy: z.strictObject({ consolidationDelayMinutes: z.int().min(1).max(1440) }),
    activeMigration: z.strictObject({ optimizeRulePriority: z.boolean() }),
    whenUnsatisfiable: z.enum(["DoNotScaleUp", "ScaleUpAnyway"]),
  }),
});

export type ComputeClass = z.infer<typeof computeClass>;

export type GkeCapacity = "spot" | "flex-start" | "on-demand";

export interface GkePoolArgs {
  /** In the order in which they are tried. */
  capacity: readonly GkeCapacity[];
  /** Any of the cluster's, if left out. */
  zones?: readonly string[];
  bootDiskGb: number;
  /** An empty node is given back after so long, in minutes. */
  releaseAfterMinutes: number;
}

/** The class that makes a stack's nodes on GKE, two H100s each, and ends each after `lifeMinutes` at the latest. */
export function computeClassOf(stack: string, args: GkePoolArgs, lifeMinutes: number): ComputeClass {
  return computeClass.parse({
    apiVersion: "cloud.google.com/v1",
    kind: "ComputeClass",
    metadata: { name: poolName(stack), labels: labelsOf({ stack }) },
    spec: {
      description: `Nodes for the pairs of stack ${stack}`,
      priorities: args.capacity.map((capacity) => {
        const { machine, gpus } = capacity === "on-demand" ? SHAPES.gkeOnDemand : SHAPES.gke;
        return {
          machineType: machine,
          gpu: { type: GKE_ACCELERATOR, count: gpus, driverVersion: "default" },
          ...(capacity === "spot" && { spot: true }),
          ...(capacity === "flex-start" && { flexStart: { enabled: true } }),
          maxRunDurationSeconds: lifeMinutes * 60,
          ...(args.zones && { location: { zones: [...args.zones] } }),
          storage: { bootDiskSize: args.bootDiskGb, bootDiskType: "pd-ssd" },
        };
      }),
      nodePoolAutoCreation: { enabled: true },
      nodePoolConfig: { nodeLabels: { [nodeLabelOf(stack)]: "true" } },
      autoscalingPolicy: { consolidationDelayMinutes: args.releaseAfterMinutes },
      // A move to cheaper nodes would end a pair in the middle of its runs.
      activeMigration: { optimizeRulePriority: false },
      // Else GKE makes a node without a GPU, which no pair can use.
      whenUnsatisfiable: "DoNotScaleUp",
    },
  } satisfies ComputeClass);
}
