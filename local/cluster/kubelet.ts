import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cgroupPath, makeCgroups } from "../cgroups.ts";
import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { writeConfig } from "./configFile.ts";
import { GPU_LABELS, keepGpusOverRestarts } from "./gpu.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import type { Layout } from "./layout.ts";
import type { ClusterSettings } from "./settings.ts";

/**
 * The kubelet's configuration. It runs on cgroup v1 too, with all pods below a cgroup of ours, which is how
 * their processes are found again; it never evicts or collects images, since the disk and the memory are the user's to
 * judge; only who has the cluster's certificate may talk to it.
 */
export function kubeletConfig(settings: ClusterSettings, layout: Layout): object {
  const signals = ["memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"];
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: settings.nodeAddress,
    port: settings.ports.kubelet,
    healthzPort: settings.ports.kubeletHealth,
    readOnlyPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(layout.pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${layout.containerd.socket}`,
    podLogsDir: layout.kubelet.podLogs,
    volumePluginDir: layout.kubelet.volumePlugins,
    clusterDomain: "cluster.local",
    clusterDNS: [settings.dnsAddress],
    failCgroupV1: false,
    cgroupDriver: "cgroupfs",
    cgroupRoot: cgroupPath("node"),
    cgroupsPerQOS: true,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    oomScoreAdj: 0,
    maxOpenFiles: 20000,
    evictionHard: Object.fromEntries(signals.map((signal) => [signal, "0%"])),
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    registerNode: true,
  };
}

/** Starts the kubelet inside containerd's mount namespace; ready when it answers on its health port. */
export async function startKubelet(
  settings: ClusterSettings,
  layout: Layout,
  toolchain: Toolchain,
  programs: HostPrograms,
  containerdPid: number,
  ctx: LocalContext,
): Promise<void> {
  for (const folder of [layout.kubelet.root, layout.kubelet.podLogs, layout.kubelet.volumePlugins]) {
    mkdirSync(folder, { recursive: true });
  }
  writeConfig(layout.kubelet.config, kubeletConfig(settings, layout));
  makeCgroups("node");
  keepGpusOverRestarts();
  const labels = Object.entries(GPU_LABELS).map(([key, value]) => `${key}=${value}`);
  await startDaemon(
    {
      name: "kubelet",
      command: programs.nsenter,
      args: [
        `--mount=/proc/${containerdPid}/ns/mnt`,
        toolchain.binaries.kubelet,
        `--config=${layout.kubelet.config}`,
        `--kubeconfig=${layout.kubeconfig}`,
        `--root-dir=${layout.kubelet.root}`,
        `--cert-dir=${layout.kubelet.pki}`,
        `--hostname-override=${settings.nodeName}`,
        `--node-ip=${settings.nodeAddress}`,
        `--node-labels=${labels.join(",")}`,
      ],
      ready: async () => {
        const answer = await fetch(`http://127.0.0.1:${settings.ports.kubeletHealth}/healthz`);
        return answer.ok || `its health check says ${answer.status}`;
      },
      readyWithinSeconds: 60,
    },
    layout,
    ctx,
  );
}
