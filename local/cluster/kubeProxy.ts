import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { writeConfig } from "./configFile.ts";
import type { Layout } from "./layout.ts";
import type { ClusterSettings } from "./settings.ts";

/**
 * kube-proxy's configuration. Zeros in `conntrack` and `localhostNodePorts: false` leave the machine's kernel settings
 * as they are.
 */
export function kubeProxyConfig(settings: ClusterSettings, layout: Layout): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    clientConnection: { kubeconfig: layout.kubeconfig },
    hostnameOverride: settings.nodeName,
    clusterCIDR: settings.podRange,
    healthzBindAddress: `127.0.0.1:${settings.ports.kubeProxyHealth}`,
    metricsBindAddress: `127.0.0.1:${settings.ports.kubeProxyMetrics}`,
    oomScoreAdj: 0,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    iptables: { localhostNodePorts: false, minSyncPeriod: "0s" },
  };
}

/** Starts kube-proxy; ready when its rules are in place for the first time. */
export async function startKubeProxy(
  settings: ClusterSettings,
  layout: Layout,
  toolchain: Toolchain,
  ctx: LocalContext,
): Promise<void> {
  writeConfig(layout.kubeProxyConfig, kubeProxyConfig(settings, layout));
  await startDaemon(
    {
      name: "kube-proxy",
      command: toolchain.binaries.kubeProxy,
      args: [`--config=${layout.kubeProxyConfig}`],
      ready: async () => {
        const answer = await fetch(`http://127.0.0.1:${settings.ports.kubeProxyHealth}/livez`);
        return answer.ok || `its health check says ${answer.status}`;
      },
      readyWithinSeconds: 30,
    },
    layout,
    ctx,
  );
}
