/** What a GPU is called on a node, and what keeps others off it: written here and nowhere else. */
export const GPU = {
  /** Resource that pods ask for and the device plugin counts. */
  resource: "nvidia.com/gpu",
  taint: { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
  /** Label of GPU feature discovery with the card's name. */
  productLabel: "nvidia.com/gpu.product",
  /** GKE's own label with the card's name: it is known before a node exists, GPU feature discovery's is not. */
  acceleratorLabel: "cloud.google.com/gke-accelerator",
} as const;

/**
 * The taint of nodes that are for pairs alone. The one above does not do that: the API server lets every pod that asks
 * for a GPU tolerate it.
 */
export const EXCLUSIVE_TAINT = { key: "rewardlab.dev/pool", value: "pairs", effect: "NoSchedule" } as const;

/**
 * What keeps others off nodes that were there before the stack, the second where the nodes are for pairs alone. Any value keeps
 * them off; this one tells afterwards whose the taint was. It is the same for all stacks: two may share a node.
 */
export const BORROWED_TAINTS = [{ ...GPU.taint, value: "rewardlab" }, EXCLUSIVE_TAINT] as const;

/** Label and taint of the nodes of a GKE ComputeClass; the value is the class's name. */
export const COMPUTE_CLASS_KEY = "cloud.google.com/compute-class";

/** Label of the nodes of a Karpenter NodePool; the value is its name. */
export const KARPENTER_POOL_LABEL = "karpenter.sh/nodepool";

/** What a pod must know of a pool to run on it. */
export interface GpuPool {
  /** Labels of the pool's nodes. */
  labels: Readonly<Record<string, string>>;
  /** The label that names a node's card, and the names that will do. */
  cards: { readonly label: string; readonly names: readonly string[] };
  /** Keys of the taints that the pool's nodes have. */
  taints: readonly string[];
  /** Pairs that one node holds: half its GPUs. */
  pairsPerNode: number;
  /** DeviceClass of the claims that GPUs are allocated by; left out where a device plugin counts them. */
  deviceClass?: string;
  runtimeClass?: string;
  /** What a GPU is before a server starts on it: one of these cards, by GPU feature discovery's names, and so fast (TFLOP/s, bfloat16). */
  preflight: { readonly products: readonly string[]; readonly teraflops: number };
  /** LocalQueue of Kueue in which pairs wait for their turn; left out where the pair controller gives turns. */
  queue?: string;
  /** Let pods without a GPU run on the pool's nodes. */
  cpuPodsOnGpuNode: boolean;
}
