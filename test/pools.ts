/** Settings of a pool of each backend, as a stack file has them. */
export const POOLS = {
  existing: { backend: "existing", nodes: ["gpu-node-0"], labels: { "rewardlab.dev/gpu-pool": "h100x2" }, products: ["NVIDIA-H100-NVL"] },
  gke: { backend: "gke" },
  aks: { backend: "karpenter-aks" },
  aws: { backend: "karpenter-aws", acceptEightGpus: true, amiAlias: "al2023@v20251023", role: "KarpenterNodeRole-gpu", discovery: "gpu-cluster" },
} as const;
