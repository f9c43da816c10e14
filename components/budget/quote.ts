import { MARGIN_MINUTES } from "../nodePool/lifetime.ts";
import { type Pair, pairsOnNode, roomFor } from "../packing.ts";
import { type Deadline, deadlineOf, type DeadlineInput } from "./deadline.ts";
import type { Prices } from "./schema.ts";

/** What a stack may use at most, before anything is made. Money is in the currency of the prices, null without prices. */
export interface Quote {
  version: 1;
  prices: Prices | null;
  nodes: number;
  /** Turns that pairs take one after the other, where there are more than the nodes have room for. */
  waves: number;
  /** Until the servers are ready, at most; for the node's own start and for giving it back. */
  startMinutes: number;
  marginMinutes: number;
  deadline: Deadline;
  /** Nodes × the life of one. */
  nodeHours: number;
  /** nodeHours × price: what one `up` can cost. */
  cap: number | null;
  /** Of each experiment: its share of its node while runs last, and what that costs. Start and margin come on top. */
  experiments: { name: string; pair: string; nodeHours: number; cost: number | null }[];
}

export interface QuoteInput extends Omit<DeadlineInput, "nodes" | "waves"> {
  pairs: readonly Pick<Pair, "name" | "experiments">[];
  gpusPerNode: number;
  /** Most nodes at once. */
  nodeCount: number;
}

/** A quote is made of a stack that does not fit as well, to be refused with everything else: there a pair fills a node. */
const perNode = (gpusPerNode: number): number => Math.max(1, pairsOnNode(gpusPerNode));

/** Nodes that so many pairs use at once, and in how many turns. */
export function fleetFor(pairs: number, { gpusPerNode, nodeCount }: { gpusPerNode: number; nodeCount: number }): { nodes: number; waves: number } {
  const room = Math.max(1, roomFor({ gpusPerNode, nodeCount }));
  return { nodes: Math.min(nodeCount, Math.ceil(pairs / perNode(gpusPerNode))), waves: Math.max(1, Math.ceil(pairs / room)) };
}

/** The quote of a packing; pure. */
export function quoteOf({ pairs, gpusPerNode, nodeCount, ...input }: QuoteInput): Quote {
  const pairsPerNode = perNode(gpusPerNode);
  const { nodes, waves } = fleetFor(pairs.length, { gpusPerNode, nodeCount });
  const deadline = deadlineOf({ ...input, nodes, waves });
  const { prices, startMinutes } = input;
  const cost = (nodeHours: number) => (prices ? nodeHours * prices.nodeHour : null);
  const nodeHours = (nodes * deadline.nodeMinutes) / 60;
  return {
    version: 1,
    prices: prices ?? null,
    nodes,
    waves,
    startMinutes,
    marginMinutes: MARGIN_MINUTES,
    deadline,
    nodeHours,
    cap: cost(nodeHours),
    experiments: pairs.flatMap((pair, index) => {
      const first = Math.floor(index / pairsPerNode) * pairsPerNode;
      const onNode = Math.min(pairsPerNode, pairs.length - first);
      const share = Math.max(0, deadline.runMinutes) / 60 / onNode / pair.experiments.length;
      return pair.experiments.map((name) => ({ name, pair: pair.name, nodeHours: share, cost: cost(share) }));
    }),
  };
}
