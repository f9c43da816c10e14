import type { Agent } from "node:https";
import type { Cluster, KubeConfig } from "@kubernetes/client-node";

/** What the client makes the connections of a request with: undici's `Agent`, which it does not export. */
type Dispatcher = object;
interface Maker {
  createDispatcher: (cluster: Cluster | null, options: Agent["options"]) => Dispatcher | undefined;
}

/**
 * Lets the requests of a configuration share connections. The client makes connections of its own for each request, with a TLS
 * handshake each, here and at the API server (kubernetes-client/javascript#2893 is the same for its watches). New credentials get
 * new connections. Changes the configuration and gives it back.
 */
export function shareConnections(config: KubeConfig): KubeConfig {
  const maker = config as unknown as Maker;
  const make = maker.createDispatcher.bind(config);
  let key = "";
  let shared: Dispatcher | undefined;
  maker.createDispatcher = (cluster, options) => {
    const now = JSON.stringify([cluster, options]);
    if (now !== key) [key, shared] = [now, make(cluster, options)];
    return shared;
  };
  return config;
}
