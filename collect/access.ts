import { BatchV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";

/** Where the runs of one stack are: a cluster and a namespace in it. */
export interface Access {
  config: KubeConfig;
  core: CoreV1Api;
  batch: BatchV1Api;
  namespace: string;
}

/** A namespace of the cluster that a configuration's current context names. */
export const accessTo = (config: KubeConfig, namespace: string): Access =>
  ({ config, core: config.makeApiClient(CoreV1Api), batch: config.makeApiClient(BatchV1Api), namespace });

/** The same by a kubeconfig file. */
export function openAccess(kubeconfig: string, namespace: string): Access {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return accessTo(config, namespace);
}
