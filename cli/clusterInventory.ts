import { ApisApi, CoreV1Api, CustomObjectsApi, type KubeConfig, type KubernetesObject, type V1APIResource } from "@kubernetes/client-node";
import { LABEL, namespaceOf, nodeLabelOf, resultsNamespaceOf } from "../components/names.ts";
import { ApiError } from "../local/providers/kubernetes/apiError.ts";
import { ObjectClient } from "../local/providers/kubernetes/client.ts";
import { type Leftover, leftoverLines } from "./leftover.ts";
import type { Screen } from "./screen.ts";

interface Kind {
  apiVersion: string;
  resource: V1APIResource;
}

/** An object of a stack, as the cluster has it. */
export interface Held extends Leftover {
  apiVersion: string;
  /** Another object owns it, and takes it along. */
  owned: boolean;
}

export interface ClusterInventory {
  /** What the cluster still has of a stack. */
  left: Held[];
  /** Kinds that this user may not list, or that a broken API did not answer for. */
  unseen: string[];
}

/**
 * Looks for everything that a cluster has of a stack, of whatever kind: what carries the stack's label, what holds up the end
 * of its namespace, volumes that its claims have left, and nodes that it has labelled. Changes nothing. Throws ApiError when
 * the cluster does not answer.
 */
export async function clusterInventory(config: KubeConfig, stack: string): Promise<ClusterInventory> {
  const client = ObjectClient.forConfig(config);
  const { kinds, unseen } = await listableKinds(config);
  const namespaces = [namespaceOf(stack), resultsNamespaceOf(stack)];
  const list = async ({ apiVersion, resource }: Kind, selector?: string, inNamespace?: string): Promise<KubernetesObject[]> =>
    (await client.list(apiVersion, resource.kind, inNamespace, undefined, undefined, undefined, undefined, selector)).items;

  const found = await Promise.all(kinds.map(async (kind): Promise<Held[]> => {
    const { resource } = kind;
    try {
      const own = await list(kind, `${LABEL.stack}=${stack}`);
      const inNamespaces = resource.namespaced ? (await Promise.all(namespaces.map((namespace) => list(kind, undefined, namespace)))).flat() : [];
      const stuck = inNamespaces.filter(({ metadata }) => (metadata?.finalizers ?? []).length > 0);
      const volumes = resource.kind === "PersistentVolume" ? (await list(kind)).filter((volume) => namespaces.includes(claimNamespace(volume) ?? "")) : [];
      const nodes = resource.kind === "Node" ? await list(kind, nodeLabelOf(stack)) : [];
      return [...[...own, ...stuck, ...volumes].map((object) => leftover(kind, object, false)), ...nodes.map((object) => leftover(kind, object, true))];
    } catch (error) {
      // A kind that was there a moment ago is none of the stack's.
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      unseen.push(`${resource.kind} (${error.status})`);
      return [];
    }
  }));
  const left = new Map(found.flat().map((each) => [`${each.kind} ${each.namespace ?? ""}/${each.name}`, each]));
  return { left: [...left.entries()].sort(([a], [b]) => a.localeCompare(b)).map(([, each]) => each), unseen: unseen.sort() };
}

/** What a cluster still has of a stack, a line each; kinds that it did not list are said on the screen. */
export async function heldLines(config: KubeConfig, stack: string, kubectl: string, screen: Pick<Screen, "line">): Promise<string[]> {
  const { left, unseen } = await clusterInventory(config, stack);
  if (unseen.length > 0) screen.line(`not looked at, since the cluster did not list them: ${unseen.join(", ")}`);
  return leftoverLines(left, stack, kubectl);
}

const claimNamespace = (volume: KubernetesObject) => (volume as { spec?: { claimRef?: { namespace?: string } } }).spec?.claimRef?.namespace;

function leftover({ apiVersion, resource }: Kind, { metadata }: KubernetesObject, borrowed: boolean): Held {
  const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [];
  return {
    apiVersion,
    kind: resource.kind,
    resource: group === undefined ? resource.name : `${resource.name}.${group}`,
    ...(metadata?.namespace && { namespace: metadata.namespace }),
    name: metadata?.name ?? "",
    finalizers: metadata?.finalizers ?? [],
    deleting: metadata?.deletionTimestamp !== undefined,
    borrowed,
    owned: (metadata?.ownerReferences ?? []).length > 0,
  };
}

/** Every kind that can be listed and deleted, in its group's preferred version. Others are views, for example of a pod's metrics. */
async function listableKinds(config: KubeConfig): Promise<{ kinds: Kind[]; unseen: string[] }> {
  const core = await config.makeApiClient(CoreV1Api).getAPIResources();
  const { groups } = await config.makeApiClient(ApisApi).getAPIVersions();
  const custom = config.makeApiClient(CustomObjectsApi);
  const unseen: string[] = [];
  const lists = await Promise.all(groups.map(async ({ name, preferredVersion, versions }) => {
    const { groupVersion, version } = preferredVersion ?? versions[0]!;
    const answer = await custom.getAPIResources({ group: name, version }).catch(() => null);
    if (answer === null) unseen.push(groupVersion);
    return { apiVersion: groupVersion, resources: answer?.resources ?? [] };
  }));
  const kinds = [{ apiVersion: "v1", resources: core.resources }, ...lists].flatMap(({ apiVersion, resources }) =>
    resources.filter(({ name, verbs }) => verbs.includes("list") && verbs.includes("delete") && !name.includes("/")).map((resource) => ({ apiVersion, resource })));
  return { kinds, unseen };
}
