import type { ObjectClient } from "../client.ts";
import { type Manifest, mapAt, nameOf, namespaceOf, stringAt, typeOf } from "../manifest.ts";
import { daemonSetVerdict } from "./daemonSet.ts";
import { deploymentVerdict, isOwnedBy } from "./deployment.ts";
import { jobVerdict } from "./job.ts";
import { podVerdict } from "./pod.ts";
import { serviceVerdict } from "./service.ts";
import { statefulSetVerdict } from "./statefulSet.ts";
import { READY, type Verdict } from "./verdict.ts";
import { claimVerdict, volumeVerdict } from "./volume.ts";

interface Rule {
  /** Looks at the object and at what else its readiness depends on. */
  judge(client: ObjectClient, live: Manifest, waitedSeconds: number): Promise<Verdict>;
  /** A refresh looks as well, and records an object that isn't ready as such. */
  onRead: boolean;
}

/** The kinds that are waited for. Every other kind is ready as soon as the server has it. */
const RULES: Record<string, Rule> = {
  "apps/v1/Deployment": { judge: judgeDeployment, onRead: true },
  "apps/v1/StatefulSet": { judge: async (_, live) => statefulSetVerdict(live), onRead: true },
  "apps/v1/DaemonSet": { judge: async (_, live) => daemonSetVerdict(live), onRead: true },
  "batch/v1/Job": { judge: async (_, live) => jobVerdict(live), onRead: true },
  "v1/Pod": { judge: async (_, live) => podVerdict(live), onRead: true },
  "v1/Service": { judge: judgeService, onRead: true },
  "v1/PersistentVolume": { judge: async (_, live) => volumeVerdict(live), onRead: false },
  "v1/PersistentVolumeClaim": { judge: judgeClaim, onRead: false },
};

export function isAwaited(manifest: Manifest): boolean {
  return typeOf(manifest) in RULES;
}

export function isJudgedOnRead(manifest: Manifest): boolean {
  return RULES[typeOf(manifest)]?.onRead === true;
}

export async function judge(client: ObjectClient, live: Manifest, waitedSeconds: number): Promise<Verdict> {
  return (await RULES[typeOf(live)]?.judge(client, live, waitedSeconds)) ?? READY;
}

/** The pods that a workload owns, directly or through a ReplicaSet; none for kinds that own no pods. */
export async function podsOf(client: ObjectClient, live: Manifest): Promise<Manifest[]> {
  if (typeOf(live) === "v1/Pod") return [live];
  const labels = mapAt(live, "spec", "selector", "matchLabels");
  const namespace = namespaceOf(live);
  if (namespace === undefined || Object.keys(labels).length === 0) return [];
  const pods = await client.listByLabels("v1", "Pod", namespace, labels);
  if (typeOf(live) !== "apps/v1/Deployment") return pods.filter((pod) => isOwnedBy(pod, live));
  const sets = await replicaSetsOf(client, live);
  return pods.filter((pod) => sets.some((set) => isOwnedBy(pod, set)));
}

async function judgeDeployment(client: ObjectClient, live: Manifest): Promise<Verdict> {
  return deploymentVerdict(live, await replicaSetsOf(client, live));
}

async function replicaSetsOf(client: ObjectClient, deployment: Manifest): Promise<Manifest[]> {
  const labels = mapAt(deployment, "spec", "selector", "matchLabels");
  const sets = await client.listByLabels("apps/v1", "ReplicaSet", namespaceOf(deployment) ?? "default", labels);
  return sets.filter((set) => isOwnedBy(set, deployment));
}

async function judgeService(client: ObjectClient, live: Manifest, waitedSeconds: number): Promise<Verdict> {
  const labels = { "kubernetes.io/service-name": nameOf(live)! };
  const namespace = namespaceOf(live) ?? "default";
  const slices = await client.listByLabels("discovery.k8s.io/v1", "EndpointSlice", namespace, labels);
  return serviceVerdict(live, slices, waitedSeconds);
}

async function judgeClaim(client: ObjectClient, live: Manifest): Promise<Verdict> {
  const name = stringAt(live, "spec", "storageClassName");
  if (!name) return claimVerdict(live, undefined);
  const storageClass = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name } };
  return claimVerdict(live, stringAt(await client.get(storageClass), "volumeBindingMode"));
}
