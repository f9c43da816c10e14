import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { writeConfig } from "./configFile.ts";
import type { Kubectl } from "./kubectl.ts";
import type { Layout } from "./layout.ts";
import type { ClusterSettings } from "./settings.ts";

const API_SERVICE = "kubernetes.default.svc.cluster.local";

/**
 * CoreDNS's configuration: the cluster's names from the API server; other names from the machine's own resolvers, where
 * there are any (`forward` refuses a file without one).
 */
export function corefile(settings: ClusterSettings, layout: Layout, resolvConf: string): string {
  const upstream = /^\s*nameserver\s+\S/m.test(resolvConf);
  return `.:${settings.ports.dns} {
    bind ${settings.nodeAddress}
    errors
    ready 127.0.0.1:${settings.ports.dnsReady}
    kubernetes cluster.local in-addr.arpa {
        kubeconfig ${JSON.stringify(layout.kubeconfig)} ${settings.context}
        fallthrough in-addr.arpa
        ttl 5
    }
${upstream ? "    forward . /etc/resolv.conf\n" : ""}    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
}
`;
}

/** The Service that pods ask, and where it leads: to the host process, which no selector could name. */
export function dnsObjects(settings: ClusterSettings): object {
  const metadata = { name: "kube-dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
  const port = (name: string, protocol: string, extra: object) => ({ name, protocol, ...extra });
  const protocols = [
    ["dns", "UDP"],
    ["dns-tcp", "TCP"],
  ] as const;
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      clusterIP: settings.dnsAddress,
      ports: protocols.map(([name, protocol]) => port(name, protocol, { port: 53, targetPort: settings.ports.dns })),
    },
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "kube-dns-host",
      namespace: "kube-system",
      labels: { "kubernetes.io/service-name": "kube-dns", "endpointslice.kubernetes.io/managed-by": "rewardlab" },
    },
    addressType: "IPv4",
    ports: protocols.map(([name, protocol]) => port(name, protocol, { port: settings.ports.dns })),
    endpoints: [{ addresses: [settings.nodeAddress], conditions: { ready: true } }],
  };
  return { apiVersion: "v1", kind: "List", items: [service, slice] };
}

/** Starts CoreDNS on the node's address; ready when it knows the API server's own Service. */
export async function startDns(
  settings: ClusterSettings,
  layout: Layout,
  toolchain: Toolchain,
  kubectl: Kubectl,
  ctx: LocalContext,
): Promise<void> {
  writeConfig(layout.corefile, corefile(settings, layout, readFileSync("/etc/resolv.conf", "utf8")));
  await kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(dnsObjects(settings)));
  await startDaemon(
    {
      name: "coredns",
      command: toolchain.binaries.coredns,
      args: ["-conf", layout.corefile],
      ready: () => answersAt(`${settings.nodeAddress}:${settings.ports.dns}`),
      readyWithinSeconds: 30,
    },
    layout,
    ctx,
  );
}

/** Whether a name server (address, with a port if it isn't 53) knows the API server's Service. */
export async function answersAt(server: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([server]);
  try {
    return (await resolver.resolve4(API_SERVICE)).length > 0;
  } catch {
    return false;
  }
}
