import { basename } from "node:path";
import type { RunSpec } from "../images/runner/src/runSpec.ts";

/** Names, ports and labels of everything in the cluster: the one place where they are written. */

export const PROJECT = "rewardlab";

/** Ports of the servers. */
export const PORTS = { taskApp: 8001, vllm: 8000, trainer: 8002, store: 8003 } as const;

/** Name of the task app's Deployment and Service: its DNS name inside the namespace. */
export const TASK_APP = "task-app";

/** Name of the one Secret. */
export const ENV_SECRET = "rewardlab-env";

/** The ConfigMap with the budget of all runs, and the file in it. */
export const RUN_BUDGET = { name: "rewardlab-budget", file: "budget.json" } as const;

/** The ConfigMap with the program that looks at a GPU, and the file in it. */
export const PREFLIGHT = { name: "rewardlab-preflight", file: "preflight.py" } as const;

/** Name of the pair controller's Deployment, its service account and its rights. */
export const PAIR_CONTROLLER = "pair-controller";

/** The ConfigMap in which the pair controller remembers which pods held GPUs. */
export const GPU_LEDGER = "rewardlab-gpu-ledger";

/** The stack's queue, where pairs wait in Kueue. */
export const LOCAL_QUEUE = "rewardlab";

/** The scheduling gate of pods that wait for their turn; the pair controller takes it off. */
export const TURN_GATE = "rewardlab.dev/turn";

/** Part of the system that an object belongs to. */
export type Part = "task-app" | "vllm" | "trainer" | "run" | "store" | "pair-controller";

/** Everything of a stack is in one namespace, and all of it is found by its labels. */
export const namespaceOf = (stack: string): string => `${PROJECT}-${stack}`;
/**
 * What a teardown leaves of it until it is collected, the results, is in another one: not the stack's name with something
 * behind it, which could be another stack's namespace.
 */
export const resultsNamespaceOf = (stack: string): string => `results-${namespaceOf(stack)}`;
/** Name of the store's Deployment, Service and Secret there, and of its claim. */
export const STORE = "store";
export const RESULTS_CLAIM = "results";
/** Address of a stack's store, from any namespace. */
export const storeUrl = (stack: string): string => `http://${STORE}.${resultsNamespaceOf(stack)}.svc:${PORTS.store}`;
export const pairName = (index: number): string => `pair-${index}`;
export const vllmName = (pair: string): string => `${pair}-vllm`;
export const trainerName = (pair: string): string => `${pair}-trainer`;
/** The number in a pair's name. */
export const pairIndex = (pair: string): number => Number(pair.slice("pair-".length));
/** The ResourceClaim of a pair's two GPUs, where GPUs are allocated by claims. */
export const gpuClaimName = (pair: string): string => `${pair}-gpus`;
/** The claims of a pair for its adapters and for its model cache, where these are not folders of its node. */
export const adapterClaimName = (pair: string): string => `${pair}-adapters`;
export const modelClaimName = (pair: string): string => `${pair}-models`;
/** What a stack's nodes are made by: a ComputeClass, or a NodePool and its class. */
export const poolName = (stack: string): string => `${PROJECT}-${stack}`;

/** Label keys. */
export const LABEL = {
  managedBy: "app.kubernetes.io/managed-by",
  stack: "rewardlab.dev/stack",
  part: "rewardlab.dev/part",
  pair: "rewardlab.dev/pair",
  /** Place of a pair on its node: on no node are two pairs of one slot. */
  slot: "rewardlab.dev/slot",
  run: "rewardlab.dev/run",
} as const;

/** Annotation keys. */
export const ANNOTATION = {
  /** On the namespace: GPUs that the stack's pool has, which the policies compare with what its pods ask for. */
  gpuLimit: "rewardlab.dev/gpu-limit",
  /** On the namespace: what the stack was quoted at, which the bill is held against. */
  quote: "rewardlab.dev/quote",
  /** On a Job that the pair controller has suspended: it alone is started again by it. */
  parked: "rewardlab.dev/parked",
} as const;

/** The label of a node that a stack uses. The stack is in its key: two stacks may share a node, and one value would clash. */
export const nodeLabelOf = (stack: string): string => `${NODE_LABEL_PREFIX}${stack}`;
export const NODE_LABEL_PREFIX = "stack.rewardlab.dev/";

/** The labels of an object; every one is fixed for the object's life, since a changed pod label replaces a Job. */
export function labelsOf(of: { stack: string; part?: Part; pair?: string; run?: string }): Record<string, string> {
  return {
    [LABEL.managedBy]: PROJECT,
    [LABEL.stack]: of.stack,
    ...(of.part && { [LABEL.part]: of.part }),
    ...(of.pair && { [LABEL.pair]: of.pair }),
    ...(of.run && { [LABEL.run]: of.run }),
  };
}

/** The addresses that a run of a pair uses, inside the namespace. */
export function endpointsOf(pair: string): RunSpec["endpoints"] {
  return {
    taskApp: `http://${TASK_APP}:${PORTS.taskApp}`,
    vllm: `http://${vllmName(pair)}:${PORTS.vllm}`,
    trainer: `http://${trainerName(pair)}:${PORTS.trainer}`,
  };
}

/** A run's name from its file: crafter_rl_outcome.toml is run crafter-rl-outcome. */
export function runNameOf(path: string): string {
  return basename(path, ".toml").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40).replace(/-+$/, "");
}
