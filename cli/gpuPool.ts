import { networkInterfaces } from "node:os";
import type { V1Node } from "@kubernetes/client-node";
import { GPU } from "../components/gpuNodePool.ts";
import { foreignTaints, taintText } from "./nodeTaints.ts";

/** What a stack's settings ask of the nodes of a pair. */
export interface PoolNeeds {
  /** Nodes by name; empty: all that have the labels. */
  nodes: readonly string[];
  labels: Readonly<Record<string, string>>;
  products: readonly string[];
  gpusPerNode: number;
  /** With dra a driver hands the GPUs out, and no node counts them. */
  allocation: "device-plugin" | "dra";
  /** The stack taints the nodes that are named. */
  taint: boolean;
}

const gpusOf = (node: V1Node): number => Number(node.status?.allocatable?.[GPU.resource] ?? 0);
const productOf = (node: V1Node): string | undefined => node.metadata?.labels?.[GPU.productLabel];
const nameOf = (node: V1Node): string => node.metadata!.name!;

/** Whether a pair can run on a node: its GPUs are announced, and the card is one of those that will do. */
export function fits(node: V1Node, { products, gpusPerNode }: Pick<PoolNeeds, "products" | "gpusPerNode">): boolean {
  return gpusOf(node) >= gpusPerNode && products.includes(productOf(node) ?? "");
}

/** Why no pair can be placed on these nodes, for a person; null when one can. */
export function poolProblem(nodes: readonly V1Node[], needs: PoolNeeds): string | null {
  const unknown = needs.nodes.filter((name) => !nodes.some((node) => nameOf(node) === name));
  if (unknown.length > 0) return `gpu.nodes names ${unknown.join(", ")}, which the cluster does not have; its nodes: ${nodes.map(nameOf).join(", ")}`;
  const tainted = needs.taint ? nodes.filter((node) => needs.nodes.includes(nameOf(node)) && foreignTaints(node).length > 0) : [];
  if (tainted.length > 0) return `the taints of ${tainted.map((node) => `${nameOf(node)} (${foreignTaints(node).map(taintText).join(", ")})`).join(", ")} have another owner, and a node's list of taints has one: set gpu.taint to false, and let that owner's taints keep others off`;
  const isMember = (node: V1Node) => (needs.nodes.length > 0 ? needs.nodes.includes(nameOf(node))
    : Object.entries(needs.labels).every(([key, value]) => node.metadata?.labels?.[key] === value));
  const members = nodes.filter(isMember);
  if (members.some((node) => needs.allocation === "dra" || fits(node, needs))) return null;
  const seen = members.map((node) => `${nameOf(node)} offers ${gpusOf(node)}, ${GPU.productLabel}=${productOf(node) ?? "(not set)"}`);
  return `no node can take a pair, which needs ${needs.gpusPerNode} ${GPU.resource} and the label ${GPU.productLabel} with one of ${needs.products.join(", ")}: `
    + (seen.length > 0 ? seen.join("; ") : "no node has the labels of the pool");
}

/** The nodes that are this machine: one of their addresses inside the cluster is one of its own. */
export function nodesHere(nodes: readonly V1Node[], addresses: readonly string[]): V1Node[] {
  return nodes.filter((node) => node.status?.addresses?.some(({ type, address }) => type === "InternalIP" && addresses.includes(address)));
}

/** The addresses of this machine but for the loopback's, which every machine has. */
export function addressesHere(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ internal }) => !internal).map(({ address }) => address);
}
