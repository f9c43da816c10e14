import type { ControllerSettings } from "./settings.ts";
import { grantPlaces } from "./places.ts";
import type { Pair, RunJob, Snapshot } from "./snapshot.ts";

/** A change to the cluster; `why` is for people. */
export type Action = { why: string } & (
  | { kind: "scale"; deployment: string; replicas: 0 | 1 }
  | { kind: "admit"; pod: string }
  | { kind: "park" | "start"; job: string; version: string }
);

/** What is remembered from one look to the next. A restarted program begins anew, and waits longer for it at most. */
export interface Memory {
  /** Since when a pair has nothing to run, by its name; milliseconds. */
  idle: ReadonlyMap<string, number>;
  /** Since when a pair's servers have been starting. */
  starting: ReadonlyMap<string, number>;
}

export const NOTHING: Memory = { idle: new Map(), starting: new Map() };

/** A pair and what holds for it now. */
interface Standing {
  pair: Pair;
  runs: RunJob[];
  /** Has runs to do, or is so new that it has none yet. */
  wanted: boolean;
  /** May have its GPUs: it has a place, or was given one now. */
  placed: boolean;
  /** Its runs may go on: its servers are ready, or will not be in time, which the runs then report. */
  open: boolean;
}

/**
 * What is to be done; pure, and the same whenever it is asked again with the same facts. In words: a pair whose runs have all
 * ended gives its GPUs back; a place that is free goes to the first pair in order that has runs to do, to both of its members or to none; a
 * run waits, its deadline with it, until its pair's servers are ready.
 */
export function decide({ pairs, runs }: Snapshot, memory: Memory, now: Date, settings: Pick<ControllerSettings, "nodes" | "startSeconds" | "graceSeconds">): { actions: Action[]; memory: Memory } {
  const time = now.getTime();
  const runsOf = Map.groupBy(runs, ({ pair }) => pair);
  const isIdle = ({ name }: Pair) => !(runsOf.get(name) ?? []).some(({ state }) => state === "active" || state === "parked");
  const idle = since(memory.idle, pairs.filter(isIdle), time);
  // A pair without a single Job is being brought up: its Jobs come when its servers are ready. One whose `up` failed never gets any.
  const patience = ({ name }: Pair) => 1000 * (runsOf.has(name) ? settings.graceSeconds : settings.startSeconds);
  const isReleased = (pair: Pair) => idle.has(pair.name) && time - idle.get(pair.name)! >= patience(pair);
  const isWanted = (pair: Pair) => !idle.has(pair.name) || (!runsOf.has(pair.name) && !isReleased(pair));

  const hasBegun = ({ name }: Pair) => (runsOf.get(name) ?? []).some((run) => run.state === "active" && isBegun(run));
  const placed = grantPlaces(pairs, isWanted, hasBegun, settings.nodes);
  const starting = since(memory.starting, pairs.filter((pair) => isStarting(pair) && !isReady(pair)), time);
  const isLate = ({ name }: Pair) => starting.has(name) && time - starting.get(name)! >= 1000 * settings.startSeconds;
  const actions = pairs.flatMap((pair): Action[] => {
    const standing: Standing = { pair, runs: runsOf.get(pair.name) ?? [], wanted: isWanted(pair), placed: placed.has(pair.name), open: isReady(pair) || isLate(pair) };
    return isReleased(pair) ? release(pair) : [...(standing.wanted && standing.placed ? bringUp(pair) : []), ...runActions(standing)];
  });
  return { actions, memory: { idle, starting } };
}

/** Both servers answer. One that is ending answers still, and not for long. */
const isReady = ({ whole, members }: Pair) => whole && members.every(({ pods }) => pods.some(({ ready, ending }) => ready && !ending));

/** A pod of it is past every gate: from now on its start takes time. */
const isStarting = ({ members }: Pair) => members.some(({ pods }) => pods.some(({ atGate, heldElsewhere }) => !atGate && !heldElsewhere));

function release({ name, members }: Pair): Action[] {
  return members.filter(({ replicas }) => replicas > 0)
    .map(({ deployment }) => ({ kind: "scale", deployment, replicas: 0, why: `${name} has nothing to run: its GPUs are given back` }));
}

/** The pods of a pair that has a place. They are let through together: none of them holds a GPU while the other has yet to be made. */
function bringUp({ name, whole, members }: Pair): Action[] {
  const scale = members.filter(({ replicas }) => replicas === 0)
    .map(({ deployment }): Action => ({ kind: "scale", deployment, replicas: 1, why: `${name} has runs to do and a place` }));
  const pods = members.map((member) => member.pods.filter(({ ending }) => !ending));
  if (!whole || pods.some((some) => some.length === 0)) return scale;
  return [...scale, ...pods.flat().filter(({ atGate }) => atGate).map(({ name: pod }): Action => ({ kind: "admit", pod, why: `it is the turn of ${name}` }))];
}

/** A pod of the run was let through. */
const isBegun = ({ pods }: Pick<RunJob, "pods">) => pods.some(({ atGate }) => !atGate);

function runActions({ pair, runs, open }: Standing): Action[] {
  return runs.flatMap(({ name: job, state, version, pods }): Action[] => {
    const waiting = pods.filter(({ atGate }) => atGate);
    if (state === "parked" && open) return [{ kind: "start", job, version, why: `the servers of ${pair.name} are ready` }];
    if (state !== "active") return [];
    // A run that has begun goes on, whatever its servers do: it waits for them by itself, and its deadline is running.
    if (open || isBegun({ pods })) return waiting.map(({ name }) => ({ kind: "admit", pod: name, why: `the servers of ${pair.name} are ready for ${job}` }));
    return [{ kind: "park", job, version, why: `it waits for ${pair.name}, and so does its deadline` }];
  });
}

/** Since when each of these has been so: what was so before keeps its time. */
const since = (before: ReadonlyMap<string, number>, pairs: readonly Pair[], now: number) => new Map(pairs.map(({ name }) => [name, before.get(name) ?? now]));
