import * as k8s from "@pulumi/kubernetes";

export interface ClusterProviderArgs {
  kubeconfig?: string;
  context?: string;
  /** Names the cluster for good. */
  identifier: string;
  /** It takes objects over that are in the cluster already, in place of an error: for those that a teardown leaves there. */
  adopts?: boolean;
}

/**
 * The provider of everything in the cluster. The default one is disabled in Pulumi.yaml, so that no resource can go to
 * whatever context happens to be current.
 *
 * `clusterIdentifier`: only a change of it means another cluster; without it an edited kubeconfig may count as one, and
 * everything would be replaced. `enableSecretMutable`: a rotated secret is updated in place; by default it would be
 * replaced, and with it every Job that refers to it.
 */
export function clusterProvider(name: string, { kubeconfig, context, identifier, adopts }: ClusterProviderArgs): k8s.Provider {
  return new k8s.Provider(name, {
    ...(kubeconfig && { kubeconfig }), ...(context && { context }), clusterIdentifier: identifier, enableSecretMutable: true, ...(adopts && { upsertExistingObjects: true }),
  });
}
