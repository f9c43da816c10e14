import { ApisApi, CoreV1Api, CustomObjectsApi, type KubeConfig, type V1APIResource } from "@kubernetes/client-node";
import { LABEL, nodeLabelOf } from "../components/names.ts";
import { ApiError } from "../local/providers/kubernetes/apiError.ts";
import { ObjectClient } from "../local/providers/kubernetes/client.ts";

interface Kind {
  apiVersion: string;
  resource: V1APIResource;
}

export interface ClusterInventory {
  /** What the cluster still has of a stack, as `Kind namespace/name`. */
  left: string[];
  /** Kinds that this user may not list, or that a broken API did not answer for. */
  unseen: string[];
}

/**
 * Looks for everything in a cluster that carries the stack's label, whatever its kind, and for nodes that the stack has
 * labelled. Changes nothing. Throws ApiError when the cluster does not answer.
 */
export async function clusterInventory(config: KubeConfig, stack: string): Promise<ClusterInventory> {
  const client = ObjectClient.forConfig(config);
  const { kinds, unseen } = await listableKinds(config);
  const find = (kind: Kind, selector: string) => client.list(kind.apiVersion, kind.resource.kind, undefined, undefined, undefined, undefined, undefined, selector);
  const found = await Promise.all(kinds.map(async (kind) => {
    try {
      const { items } = await find(kind, `${LABEL.stack}=${stack}`);
      const labelled = kind.resource.kind === "Node" ? (await find(kind, nodeLabelOf(stack))).items : [];
      return [...items, ...labelled].map(({ metadata }) => `${kind.resource.kind} ${[metadata?.namespace, metadata?.name].filter(Boolean).join("/")}`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      unseen.push(`${kind.resource.kind} (${error.status})`);
      return [];
    }
  }));
  return { left: [...new Set(found.flat())].sort(), unseen: unseen.sort() };
}

/** Every kind that can be listed, in its group's preferred version. */
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
    resources.filter(({ name, verbs }) => verbs.includes("list") && !name.includes("/")).map((resource) => ({ apiVersion, resource })));
  return { kinds, unseen };
}
