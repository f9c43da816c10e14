import { GPU, type GpuPool } from "../nodePool/gpu.ts";
import { gpuClaimName, LABEL, pairIndex, PROJECT } from "../names.ts";
import type { Container, PodAffinityTerm, PodSpec, Resources } from "./types.ts";

/** The parts of a pair, each with a GPU of its own. */
export const PAIR_MEMBERS = ["vllm", "trainer"] as const;
type Member = (typeof PAIR_MEMBERS)[number];

/** A pair, in a stack, on a pool. */
export interface Placed {
  stack: string;
  pair: string;
  pool: GpuPool;
}

/** The pod's name for its pair's claim. */
const CLAIM = "gpus";

/** Requests and limits of a container; the scheduler wants both equal for a GPU. */
export function resourcesOf({ cpu, memory }: Resources, gpus = 0): { requests: Record<string, string>; limits: Record<string, string> } {
  const gpu: Record<string, string> = gpus > 0 ? { [GPU.resource]: String(gpus) } : {};
  return { requests: { cpu, memory, ...gpu }, limits: { memory, ...gpu } };
}

/** What a member of a pair asks for, with its GPU: one by count, or its device of the pair's claim. */
export function memberResources(pool: GpuPool, resources: Resources, member: Member): Container["resources"] {
  return pool.deviceClass ? { ...resourcesOf(resources), claims: [{ name: CLAIM, request: member }] } : resourcesOf(resources, 1);
}

const tolerations = ({ taints }: GpuPool) => taints.map((key) => ({ key, operator: "Exists", effect: GPU.taint.effect }));

/** Where a pod without a GPU may run: not among the pool's GPUs, unless the cluster has no other node. */
export function cpuPlacement(pool: GpuPool): Pick<PodSpec, "tolerations"> {
  return pool.cpuPodsOnGpuNode ? { tolerations: tolerations(pool) } : {};
}

/**
 * The place of a pair on its node. A node has as many places as half its GPUs, and no two pairs in one place, so no more
 * pairs than it has room for; pairs take turns, so that as many have each place as the pool has nodes.
 */
export function slotOf({ pool, pair }: Pick<Placed, "pool" | "pair">): string {
  return String(pairIndex(pair) % pool.pairsPerNode);
}

/**
 * Where a pair's server and trainer run: a node of the pool, and both on one node, since adapters are handed over in a
 * folder of that node.
 *
 * Each of the two demands a node with a member of the pair on it, and is itself a member: the scheduler lets the first
 * one in because its own labels match its demand (documented for pods of one affinity group), so the rule can be met in
 * both orders. What keeps the second one's GPU free is below; docs/node-pools.md has the argument.
 */
export function pairPlacement(placed: Placed): Pick<PodSpec, "nodeSelector" | "affinity" | "tolerations" | "runtimeClassName" | "resourceClaims"> {
  const { pool, pair } = placed;
  const { label, names } = pool.cards;
  return {
    nodeSelector: { ...pool.labels },
    tolerations: tolerations(pool),
    ...(pool.runtimeClass && { runtimeClassName: pool.runtimeClass }),
    ...(pool.deviceClass && { resourceClaims: [{ name: CLAIM, resourceClaimName: gpuClaimName(pair) }] }),
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: label, operator: "In", values: [...names] }] }],
        },
      },
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [onOneNode({
          matchLabels: { [LABEL.pair]: pair }, matchExpressions: [{ key: LABEL.part, operator: "In", values: [...PAIR_MEMBERS] }],
        })],
      },
      // A claim is allocated as a whole; a count of GPUs is not, so the pairs of a node are limited instead.
      ...(!pool.deviceClass && { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: noOtherPair(placed) } }),
    },
  };
}

/**
 * No other pair in the pair's place on the node. Else the first members of two pairs can take the two GPUs of one node, and
 * both wait for ever for a GPU that the other one's partner would need to leave.
 */
function noOtherPair(placed: Placed): PodAffinityTerm[] {
  const matchLabels = { [LABEL.managedBy]: PROJECT, [LABEL.slot]: slotOf(placed) };
  const other = (key: string, own: string) => ({ matchLabels, matchExpressions: [{ key, operator: "NotIn", values: [own] }] });
  return [
    onOneNode(other(LABEL.pair, placed.pair)),
    // Pairs of other stacks, in namespaces of their own, have the same names.
    { ...onOneNode(other(LABEL.stack, placed.stack)), namespaceSelector: {} },
  ];
}

const onOneNode = (labelSelector: PodAffinityTerm["labelSelector"]) => ({ topologyKey: "kubernetes.io/hostname", labelSelector });
