import type { GkePoolArgs } from "./computeClass.ts";
import type { KarpenterPoolArgs } from "./karpenter.ts";
import type { AksClassArgs, Ec2ClassArgs } from "./nodeClasses.ts";

interface Common {
  gpusPerNode: number;
  /** Most nodes that the stack may use. */
  nodeCount: number;
  runtimeClass?: string | undefined;
  /** A GPU that multiplies bfloat16 matrices more slowly is refused, in TFLOP/s. */
  minTeraflops: number;
  cpuPodsOnGpuNode: boolean;
}

/** Nodes that are there: labelled and tainted while the stack is up. */
export interface ExistingNodes extends Common {
  backend: "existing";
  /** To label and taint, by name; empty for nodes that carry their labels already. */
  nodes: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Values of nvidia.com/gpu.product that will do. */
  products: readonly string[];
  /** Keep pods that don't ask for a GPU off these nodes. */
  taint: boolean;
  /** Keep pods off that are not a pair's, though they ask for a GPU. */
  exclusive: boolean;
  /** From the device plugin's count, or by ResourceClaims from a driver. */
  allocation: "device-plugin" | "dra";
  /** DeviceClass of the claims. */
  deviceClass: string;
}

export interface GkeNodes extends Common, GkePoolArgs {
  backend: "gke";
}

export interface AksNodes extends Common, KarpenterPoolArgs, AksClassArgs {
  backend: "karpenter-aks";
  nodeCount: number;
}

export interface AwsNodes extends Common, KarpenterPoolArgs, Ec2ClassArgs {
  backend: "karpenter-aws";
  nodeCount: number;
}

/** Where a stack's nodes come from. */
export type GpuNodes = ExistingNodes | GkeNodes | AksNodes | AwsNodes;
