import { ApiException, CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import { KUEUE } from "../components/kueue.ts";
import { aksNodeClass } from "../components/nodePool/nodeClasses.ts";
import { computeClass } from "../components/nodePool/computeClass.ts";
import type { GpuNodes } from "../components/nodePool/nodes.ts";

type Backend = GpuNodes["backend"];
interface Kind {
  apiVersion: string;
  kind: string;
}

const NODE_POOL: Kind = { apiVersion: "karpenter.sh/v1", kind: "NodePool" };
const literals = ({ shape }: typeof computeClass | typeof aksNodeClass): Kind => ({ apiVersion: shape.apiVersion.value, kind: shape.kind.value });

/** The kinds of object that a pool is made of, and what brings them into a cluster. */
const KINDS: Record<Backend, { kinds: Kind[]; brings: string }> = {
  existing: { kinds: [], brings: "" },
  gke: { kinds: [literals(computeClass)], brings: "GKE 1.30.3 or newer has it" },
  "karpenter-aks": { kinds: [NODE_POOL, literals(aksNodeClass)], brings: "node auto-provisioning of AKS brings them" },
  "karpenter-aws": { kinds: [NODE_POOL, { apiVersion: "karpenter.k8s.aws/v1", kind: "EC2NodeClass" }], brings: "Karpenter for AWS brings them" },
};

/**
 * What a cluster lacks for a pool and its queue, for a person; null when it has every kind of object that they are made of. Without
 * them the objects would be refused in the middle of an update.
 *
 * Throws the API's error, but for a kind that is not there.
 */
export async function missingKinds(config: KubeConfig, { backend, queue }: { backend: Backend; queue: boolean }): Promise<string | null> {
  const needs = [
    { ...KINDS[backend], because: `gpu.backend is ${backend}`, remedy: "Take another backend" },
    ...(queue ? [{ kinds: [KUEUE.localQueue], brings: "Kueue 0.15 or newer brings it", because: "queue is kueue", remedy: "Leave queue out" }] : []),
  ];
  const problems = await Promise.all(needs.map(async ({ kinds, brings, because, remedy }) => {
    const missing = await unknownKinds(config, kinds);
    return missing.length === 0 ? [] : [`${because}, but the cluster knows no ${missing.join(" and no ")}; ${brings}. ${remedy}, or install what is missing`];
  }));
  return problems.flat().join(". ") || null;
}

/** Those of some kinds that a cluster does not have. */
async function unknownKinds(config: KubeConfig, kinds: readonly Kind[]): Promise<string[]> {
  const api = config.makeApiClient(CustomObjectsApi);
  const known = await Promise.all(kinds.map(async ({ apiVersion, kind }) => {
    const [group, version] = apiVersion.split("/") as [string, string];
    const { resources } = await api.getAPIResources({ group, version }).catch((error: unknown) => {
      if (error instanceof ApiException && error.code === 404) return { resources: [] };
      throw error;
    });
    return resources.some((resource) => resource.kind === kind);
  }));
  return kinds.filter((_, index) => !known[index]).map(({ apiVersion, kind }) => `${kind} (${apiVersion})`);
}
