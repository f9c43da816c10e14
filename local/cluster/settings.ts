/** What the embedded node uses of the machine: every port, address range and name, with its default. */
export interface ClusterSettings {
  ports: {
    apiServer: number;
    etcd: number;
    etcdPeer: number;
    controllerManager: number;
    scheduler: number;
    kwokController: number;
    kubelet: number;
    kubeletHealth: number;
    kubeProxyHealth: number;
    kubeProxyMetrics: number;
    dns: number;
    dnsReady: number;
  };
  /** Linux limits an interface's name to 15 characters. */
  bridge: string;
  /** Pods' addresses; the first one is the bridge's and so the node's. */
  podRange: string;
  nodeAddress: string;
  serviceRange: string;
  /** The first one of `serviceRange`, which the API server takes for its own Service: by it pods ask for it. */
  apiAddress: string;
  /** Inside `serviceRange`; what pods find in /etc/resolv.conf. */
  dnsAddress: string;
  nodeName: string;
  /** Name of the cluster, the context and the user in the kubeconfig. */
  context: string;
}

export const defaultSettings: ClusterSettings = {
  ports: {
    apiServer: 16443,
    etcd: 16400,
    etcdPeer: 16401,
    controllerManager: 16402,
    scheduler: 16403,
    kwokController: 16404,
    kubelet: 16410,
    kubeletHealth: 16411,
    kubeProxyHealth: 16412,
    kubeProxyMetrics: 16413,
    // The port that pods ask names on: what a network policy sees is where a connection leads, not the Service before it.
    dns: 53,
    dnsReady: 16454,
  },
  bridge: "rwl0",
  podRange: "10.215.0.0/24",
  nodeAddress: "10.215.0.1",
  serviceRange: "10.216.0.0/20",
  apiAddress: "10.216.0.1",
  dnsAddress: "10.216.0.10",
  nodeName: "rewardlab-0",
  context: "rewardlab",
};

/** The CNI network's name, which the CNI plugins put into their files and rules. */
export const NETWORK = "rewardlab";
/** Comment on every firewall rule that this program adds itself. */
export const RULE_COMMENT = "rewardlab";
export { CGROUP } from "../cgroups.ts";
