import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Cluster, KubeConfig } from "@kubernetes/client-node";
import type { ProviderConfig } from "./providerConfig.ts";

type Choice = Pick<ProviderConfig, "kubeconfig" | "context" | "cluster">;

/**
 * The kubeconfig that the provider's arguments choose: content or path, and the usual default (`KUBECONFIG`, then
 * `~/.kube/config`) without either. Throws when it can't be read or names a context that isn't in it.
 */
export function loadKubeConfig({ kubeconfig, context, cluster }: Choice): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig) config.loadFromString(contentOf(kubeconfig));
  else config.loadFromDefault();
  if (context !== undefined) config.setCurrentContext(context);
  const current = config.getContextObject(config.currentContext);
  if (!current) {
    const names = config.contexts.map(({ name }) => name).join(", ") || "none";
    throw new Error(`the kubeconfig has no context "${config.currentContext}"; it has: ${names}`);
  }
  if (cluster === undefined) return config;
  const { clusters, users, contexts, currentContext } = config;
  const override = new KubeConfig();
  override.loadFromOptions({
    clusters,
    users,
    contexts: contexts.map((item) => (item.name === currentContext ? { ...item, cluster } : item)),
    currentContext,
  });
  return override;
}

/** The cluster entry that is in use, if there is one: two kubeconfigs with the same one mean the same cluster. */
export function activeCluster(choice: Choice): Cluster | undefined {
  if (!choice.kubeconfig) return undefined;
  try {
    return loadKubeConfig(choice).getCurrentCluster() ?? undefined;
  } catch {
    return undefined;
  }
}

function contentOf(pathOrContent: string): string {
  const path = pathOrContent.startsWith("~/") ? join(homedir(), pathOrContent.slice(2)) : pathOrContent;
  return !path.includes("\n") && existsSync(path) ? readFileSync(path, "utf8") : pathOrContent;
}
