import type { V1Deployment, V1Job, V1Pod } from "@kubernetes/client-node";
import type { ControllerSettings } from "./settings.ts";

/** What a look at the namespace shows, in the few facts that decisions are made of. */
export interface Snapshot {
  pairs: Pair[];
  runs: RunJob[];
}

export interface Pair {
  name: string;
  /** Its number: pairs take turns in this order. */
  order: number;
  /** Its place on a node; no two pairs of one place are on one node. */
  slot: string;
  /** Its pods wait at the gate when they are made. */
  gated: boolean;
  /** All of its Deployments are there: an update makes them one after the other. */
  whole: boolean;
  members: Member[];
}

/** A Deployment of a pair, and its pods. */
export interface Member {
  deployment: string;
  replicas: number;
  pods: MemberPod[];
}

export interface MemberPod {
  name: string;
  atGate: boolean;
  /** Something else holds it besides (Kueue has a gate of its own). */
  heldElsewhere: boolean;
  ready: boolean;
  /** Deleted, and not gone yet: it has its GPU still. */
  ending: boolean;
}

export interface RunJob {
  name: string;
  pair: string;
  /** parked: suspended by this program; stopped: suspended by anybody else. */
  state: "active" | "parked" | "stopped" | "ended";
  /** A change that was decided on other facts than the API server has is refused by it. */
  version: string;
  pods: { name: string; atGate: boolean }[];
}

const numberIn = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? 0);
const isTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string) =>
  conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;

/** Deployments and pods of pairs, Jobs and pods of runs, as the API server has them; pure. */
export function snapshotOf(found: { deployments: V1Deployment[]; jobs: V1Job[]; pods: V1Pod[] }, settings: ControllerSettings): Snapshot {
  const { labels, gate, parked } = settings;
  const gatesOf = ({ spec }: Pick<V1Pod, "spec">) => (spec?.schedulingGates ?? []).map(({ name }) => name);
  const atGate = (pod: Pick<V1Pod, "spec">) => gatesOf(pod).includes(gate);
  const byPair = Map.groupBy(found.deployments.filter(({ metadata }) => metadata?.labels?.[labels.pair]), ({ metadata }) => metadata!.labels![labels.pair]!);
  const podsOf = Map.groupBy(found.pods, ({ metadata }) => `${metadata?.labels?.[labels.pair] ?? ""}/${metadata?.labels?.[labels.part] ?? ""}`);
  const podsOfJob = Map.groupBy(found.pods, ({ metadata }) => metadata?.labels?.["batch.kubernetes.io/job-name"] ?? "");

  const pairs = [...byPair].map(([name, deployments]): Pair => ({
    name,
    order: numberIn(name),
    slot: deployments[0]!.spec!.template.metadata?.labels?.[labels.slot] ?? "",
    gated: deployments.some(({ spec }) => atGate(spec!.template)),
    whole: settings.members.every((part) => deployments.some(({ metadata }) => metadata!.labels![labels.part] === part)),
    members: deployments.map(({ metadata, spec }) => ({
      deployment: metadata!.name!,
      replicas: spec!.replicas ?? 1,
      pods: (podsOf.get(`${name}/${metadata!.labels![labels.part]}`) ?? []).filter(({ status }) => !["Succeeded", "Failed"].includes(status?.phase ?? ""))
        .map((pod) => ({
          name: pod.metadata!.name!, atGate: atGate(pod), heldElsewhere: gatesOf(pod).some((name) => name !== gate),
          ready: isTrue(pod.status?.conditions, "Ready"), ending: pod.metadata!.deletionTimestamp !== undefined,
        })),
    })),
  }));
  const runs = found.jobs.filter(({ metadata }) => metadata?.labels?.[labels.run] && metadata.deletionTimestamp === undefined).map(({ metadata, spec, status }): RunJob => ({
    name: metadata!.name!,
    pair: metadata!.labels![labels.pair] ?? "",
    state: isTrue(status?.conditions, "Complete") || isTrue(status?.conditions, "Failed") ? "ended"
      : !spec?.suspend ? "active" : metadata!.annotations?.[parked] === undefined ? "stopped" : "parked",
    version: metadata!.resourceVersion ?? "",
    pods: (podsOfJob.get(metadata!.name!) ?? []).map((pod) => ({ name: pod.metadata!.name!, atGate: atGate(pod) })),
  }));
  return { pairs: pairs.sort((a, b) => a.order - b.order), runs };
}
