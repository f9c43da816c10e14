import { CoreV1Api, DiscoveryV1Api, type KubeConfig, type V1Node } from "@kubernetes/client-node";
import { ApiError } from "../local/providers/kubernetes/apiError.ts";
import { ObjectClient } from "../local/providers/kubernetes/client.ts";
import { RunFailure } from "./exit.ts";
import { ClusterUnreachable } from "./unreachable.ts";
import type { KubeContext } from "./kubeContext.ts";

/** What is known of a cluster before anything in it is changed. */
export interface ClusterFacts {
  /** UID of the namespace kube-system, the cluster's identity. */
  uid: string;
  nodes: V1Node[];
  /** Ports that the API server listens on behind its Service: what a network policy sees. Empty where this user may not see them. */
  apiPorts: number[];
}

/** Asks a cluster who it is and which nodes it has. Throws RunFailure when it does not answer, or not to this user. */
export async function lookAt({ name, server, config }: KubeContext): Promise<ClusterFacts> {
  const client = ObjectClient.forConfig(config);
  try {
    await client.getVersion();
    const { metadata } = await client.get({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } }) as { metadata: { uid: string } };
    const { items } = await config.makeApiClient(CoreV1Api).listNode();
    return { uid: metadata.uid, nodes: items, apiPorts: await apiPortsOf(config) };
  } catch (error) {
    const answers = error instanceof ApiError && error.status > 0;
    const [reason, check] = answers
      ? [`refuses this user: ${error.message}`, "Log in again, or ask for the right to read the namespace kube-system and the nodes"]
      : [`cannot be reached: ${(error as Error).message}`, "Check that it runs and that this machine has a way to it"];
    throw new (answers ? RunFailure : ClusterUnreachable)(`The cluster of context "${name}" (${server}) ${reason}.\n${check}, then see: kubectl --context ${name} get nodes. Nothing was changed.`);
  }
}

async function apiPortsOf(config: KubeConfig): Promise<number[]> {
  const slices = config.makeApiClient(DiscoveryV1Api).listNamespacedEndpointSlice({ namespace: "default", labelSelector: "kubernetes.io/service-name=kubernetes" });
  return slices.then(({ items }) => [...new Set(items.flatMap(({ ports }) => (ports ?? []).flatMap(({ port }) => port ?? [])))], () => []);
}
