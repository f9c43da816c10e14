import type { Pair } from "./snapshot.ts";

/**
 * Whether a pair has a place: a pod of it is past the gate, one that is ending too, since it has its GPU still. A pair whose
 * pods have no gate has its place from the moment that pods are asked for.
 */
export function holdsPlace({ gated, members }: Pair): boolean {
  const pods = members.flatMap((member) => member.pods);
  return gated ? pods.some(({ atGate }) => !atGate) : pods.length > 0 || members.some(({ replicas }) => replicas > 0);
}

/**
 * The pairs that have a place, those included that are given one now; pure. Each place on a node is a queue of its own, since
 * no two pairs of one place may share a node: it goes to the first pair in order that wants it, and nobody overtakes, but for
 * pairs whose runs have begun: they had their turn, and lost both pods since.
 *
 * No more pairs have one place than the pool has nodes, so there is always a node where it is free (docs/node-pools.md).
 *
 * @param pairs in order
 * @param nodes of the pool; null: places are somebody else's business
 */
export function grantPlaces(pairs: readonly Pair[], isWanted: (pair: Pair) => boolean, hasBegun: (pair: Pair) => boolean, nodes: number | null): Set<string> {
  if (nodes === null) return new Set(pairs.map(({ name }) => name));
  return new Set([...Map.groupBy(pairs, ({ slot }) => slot).values()].flatMap((queue) => {
    const holding = queue.filter(holdsPlace);
    const line = queue.filter((pair) => isWanted(pair) && !holdsPlace(pair));
    const next = [...line.filter(hasBegun), ...line.filter((pair) => !hasBegun(pair))].slice(0, Math.max(0, nodes - holding.length));
    return [...holding, ...next].map(({ name }) => name);
  }));
}
