import { BatchV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";

/** Where the runs of one stack are: a cluster and a namespace in it. */
export interface Access {
  config: KubeConfig;
  core: CoreV1Api;
  batch: BatchV1Api;
  namespace: string;
}

export interface AccessOptions {
  /** Path of a kubeconfig file; absent: the one that kubectl would use. */
  kubeconfig?: string | undefined;
  /** Context in it; absent: its current one. */
  context?: string | undefined;
  namespace: string;
}

/** Opens the API of a stack's cluster. Throws an Error that names the context when the kubeconfig has no such one. */
export function openAccess({ kubeconfig, context, namespace }: AccessOptions): Access {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      throw new Error(`context "${context}" is not in the kubeconfig ${kubeconfig ?? "that kubectl uses"}; it has ${known.join(", ") || "none"}. Name one of them with --context.`);
    }
    config.setCurrentContext(context);
  }
  return { config, core: config.makeApiClient(CoreV1Api), batch: config.makeApiClient(BatchV1Api), namespace };
}
