import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../command.ts";
import type { LocalContext } from "../context.ts";
import { MARKER } from "../daemon/daemon.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { writeConfig } from "./configFile.ts";
import { KWOK_CLUSTER, type Layout } from "./layout.ts";
import type { ClusterSettings } from "./settings.ts";

/** Nodes with this annotation are kwok's to fake; the real one is left alone. */
const FAKE_NODES = "kwok.x-k8s.io/node=fake";

/**
 * kwokctl's configuration. Where its own arguments have a key, `override` is needed; where they haven't, it must be off.
 *
 * The API server finds the kubelet at the node's address, since nothing resolves the node's name, and shows it the
 * admin certificate that kwokctl made. Nothing of the control plane listens beyond the loopback: etcd asks for no password.
 */
export function kwokctlConfig(settings: ClusterSettings, layout: Layout, toolchain: Toolchain): object {
  const { ports } = settings;
  const { binaries, versions } = toolchain;
  const add = (key: string, value: string) => ({ key, value });
  // There is one of each. By default it ends itself for good when the API server does not take its lease for ten seconds.
  const alone = [add("leader-elect", "false")];
  return {
    apiVersion: "config.kwok.x-k8s.io/v1alpha1",
    kind: "KwokctlConfiguration",
    metadata: { name: KWOK_CLUSTER },
    options: {
      runtime: "binary",
      bindAddress: "127.0.0.1",
      securePort: true,
      kubeAuthorization: true,
      kubeAdmission: true,
      kubeVersion: `v${versions.kubernetes}`,
      etcdVersion: versions.etcd,
      kwokVersion: `v${versions.kwok}`,
      kubeBinaryPrefix: dirname(binaries.kubeApiserver),
      kubeApiserverBinary: binaries.kubeApiserver,
      kubeControllerManagerBinary: binaries.kubeControllerManager,
      kubeSchedulerBinary: binaries.kubeScheduler,
      kubectlBinary: binaries.kubectl,
      kwokControllerBinary: binaries.kwok,
      etcdBinary: binaries.etcd,
      kubeApiserverPort: ports.apiServer,
      // Pods ask for it by the address of its Service.
      kubeApiserverCertSANs: [settings.apiAddress],
      etcdPort: ports.etcd,
      etcdPeerPort: ports.etcdPeer,
      kubeControllerManagerPort: ports.controllerManager,
      kubeSchedulerPort: ports.scheduler,
      kwokControllerPort: ports.kwokController,
    },
    componentsPatches: [
      // A crash of the machine loses this cluster anyway, and waiting for the disk is most of etcd's time.
      { name: "etcd", extraArgs: [add("unsafe-no-fsync", "true")] },
      {
        name: "kube-apiserver",
        extraArgs: [
          add("service-cluster-ip-range", settings.serviceRange),
          add("advertise-address", settings.nodeAddress),
          add("kubelet-preferred-address-types", "InternalIP"),
          add("kubelet-client-certificate", join(layout.pki, "admin.crt")),
          add("kubelet-client-key", join(layout.pki, "admin.key")),
        ],
      },
      {
        name: "kube-controller-manager",
        extraArgs: [add("flex-volume-plugin-dir", layout.kubelet.volumePlugins), ...alone],
      },
      { name: "kube-scheduler", extraArgs: alone },
      {
        name: "kwok-controller",
        extraArgs: [
          { key: "manage-all-nodes", value: "false", override: true },
          add("manage-nodes-with-annotation-selector", FAKE_NODES),
        ],
      },
    ],
  };
}

/** Creates the control plane from nothing; resolves when the API server serves. `kwokctl` detaches what it starts. */
export async function createControlPlane(
  settings: ClusterSettings,
  layout: Layout,
  toolchain: Toolchain,
  ctx: LocalContext,
): Promise<void> {
  rmSync(layout.kwokWorkdir, { recursive: true, force: true });
  mkdirSync(layout.kwokWorkdir, { recursive: true, mode: 0o700 });
  writeConfig(layout.kwokConfig, kwokctlConfig(settings, layout, toolchain));
  const into = ["--name", KWOK_CLUSTER, "--config", layout.kwokConfig, "--kubeconfig", layout.kwokKubeconfig];
  await run(toolchain.binaries.kwokctl, ["create", "cluster", ...into], {
    signal: ctx.signal,
    lasting: true,
    // Its programs inherit the marker, by which they are found again.
    env: { KWOK_WORKDIR: layout.kwokWorkdir, KUBECACHEDIR: layout.kubectlCache, [MARKER]: join(layout.pidDir, "control-plane") },
  });
}
