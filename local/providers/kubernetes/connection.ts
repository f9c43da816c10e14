import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { Cluster } from "./await/waiter.ts";
import { ObjectClient } from "./client.ts";
import { loadKubeConfig } from "./kubeconfig.ts";
import type { ProviderConfig } from "./providerConfig.ts";
import { shareConnections } from "./sharedConnections.ts";

/** The cluster that the provider is configured for, or why it can't be used. */
export interface Connection {
  cluster: Cluster | undefined;
  /** Set when the cluster doesn't answer; previews then go without it. */
  unreachable: string | undefined;
  /** For objects that name none: the provider's, the context's, or `default`. */
  defaultNamespace: string;
}

export async function connect(config: ProviderConfig): Promise<Connection> {
  let kubeconfig: KubeConfig;
  try {
    kubeconfig = shareConnections(loadKubeConfig(config));
  } catch (error) {
    return { cluster: undefined, unreachable: message(error), defaultNamespace: config.namespace ?? "default" };
  }
  const context = kubeconfig.getContextObject(kubeconfig.currentContext);
  const defaultNamespace = config.namespace || context?.namespace || "default";
  const cluster = { objects: ObjectClient.forConfig(kubeconfig), core: kubeconfig.makeApiClient(CoreV1Api) };
  try {
    await cluster.objects.getVersion();
    return { cluster, unreachable: undefined, defaultNamespace };
  } catch (error) {
    return { cluster: undefined, unreachable: message(error), defaultNamespace };
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
