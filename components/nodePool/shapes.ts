/**
 * The nodes of each cloud with two H100s, and what stands in where there is none.
 *
 * Sources: the clouds' machine pages. GKE: cloud.google.com/compute/docs/gpus, A3 High (the 1, 2 and 4 GPU sizes only as Spot
 * or Flex-start). AKS: learn.microsoft.com/azure/virtual-machines/sizes/gpu-accelerated/ncadsh100v5-series. AWS:
 * aws.amazon.com/ec2/instance-types/p5.
 */
export interface Shape {
  machine: string;
  gpus: number;
  /** Value of nvidia.com/gpu.product, which differs between cards of one name: SXM 80 GB, PCIe 80 GB, NVL 94 GB. */
  product: string;
}

export const SHAPES = {
  gke: { machine: "a3-highgpu-2g", gpus: 2, product: "NVIDIA-H100-80GB-HBM3" },
  /** The only A3 High size that can be had on demand. */
  gkeOnDemand: { machine: "a3-highgpu-8g", gpus: 8, product: "NVIDIA-H100-80GB-HBM3" },
  aks: { machine: "Standard_NC80adis_H100_v5", gpus: 2, product: "NVIDIA-H100-NVL" },
  /** p5.4xlarge has one GPU: a pair on two of them could not share a folder. */
  aws: { machine: "p5.48xlarge", gpus: 8, product: "NVIDIA-H100-80GB-HBM3" },
} as const satisfies Record<string, Shape>;

/** GKE's name of the H100 SXM. */
export const GKE_ACCELERATOR = "nvidia-h100-80gb";

/** Longest life of a Flex-start node, and most that a ComputeClass takes: seven days (GKE docs, "About flex-start"). */
export const GKE_MAX_NODE_MINUTES = 7 * 24 * 60;

/** Names of data-centre cards in GPU feature discovery's label; a name that is nearly one of them is taken for a slip. */
export const KNOWN_PRODUCTS = [
  "NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL", "NVIDIA-H200", "NVIDIA-H200-NVL", "NVIDIA-GH200-480GB", "NVIDIA-B200", "NVIDIA-B300",
  "NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe", "NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB", "NVIDIA-A10", "NVIDIA-A10G", "NVIDIA-A16", "NVIDIA-A2",
  "NVIDIA-A30", "NVIDIA-A40", "NVIDIA-L2", "NVIDIA-L4", "NVIDIA-L20", "NVIDIA-L40", "NVIDIA-L40S", "NVIDIA-H20", "NVIDIA-H800", "NVIDIA-A800-SXM4-80GB",
  "Tesla-T4", "Tesla-V100-SXM2-16GB", "Tesla-V100-SXM2-32GB", "Tesla-V100-SXM3-32GB", "Tesla-V100-PCIE-16GB", "Tesla-V100-PCIE-32GB",
] as const;
