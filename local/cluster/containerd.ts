import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LocalContext } from "../context.ts";
import { startDaemon } from "../daemon/daemon.ts";
import { writeConfig } from "./configFile.ts";
import { ctr } from "./ctr.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import type { Layout } from "./layout.ts";
import { PAUSE_IMAGE } from "./pauseImage.ts";

/**
 * containerd's configuration, version 2. `restrict_oom_score_adj`: without CAP_SYS_RESOURCE a negative score is refused
 * and no sandbox would start. `opt`, `Root` and `netns_mounts_under_state_dir` keep it out of /opt, /run and /var/run.
 */
export function containerdConfig(layout: Layout, programs: HostPrograms): string {
  const text = JSON.stringify;
  return `version = 2
root = ${text(layout.containerd.root)}
state = ${text(layout.containerd.state)}
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = ${text(layout.containerd.socket)}

[plugins."io.containerd.internal.v1.opt"]
  path = ${text(layout.containerd.opt)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(PAUSE_IMAGE)}
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${text(programs.cniPlugins)}
    conf_dir = ${text(layout.cni.conf)}
    max_conf_num = 1

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    discard_unpacked_layers = true

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = ${text(programs.runc)}
        Root = ${text(layout.containerd.runc)}
        SystemdCgroup = false

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${text(layout.containerd.hosts)}
`;
}

/** How the kubelet's pulls reach a registry on the loopback: plain HTTP, and never another host instead. */
export function registryHosts(registryAddress: string): string {
  const server = JSON.stringify(`http://${registryAddress}`);
  return `server = ${server}\n\n[host.${server}]\n  capabilities = ["pull", "resolve"]\n`;
}

/**
 * Starts containerd in a mount namespace of its own, in which the kubelet will join it: what they mount is seen by
 * nobody else and is gone with the last of their processes, however that one ended.
 */
export async function startContainerd(
  layout: Layout,
  programs: HostPrograms,
  registryAddress: string,
  ctx: LocalContext,
): Promise<{ pid: number }> {
  const hosts = join(layout.containerd.hosts, registryAddress);
  for (const folder of [layout.containerd.root, layout.containerd.state, layout.containerd.opt]) {
    mkdirSync(folder, { recursive: true });
  }
  writeConfig(layout.containerd.config, containerdConfig(layout, programs));
  writeConfig(join(hosts, "hosts.toml"), registryHosts(registryAddress));
  const isolated = ["--mount", "--propagation", "slave"];
  return startDaemon(
    {
      name: "containerd",
      command: programs.unshare,
      args: [...isolated, programs.containerd, "--config", layout.containerd.config, "--log-level", "warn"],
      ready: async () => criStatus(await ctr(layout, programs, ["plugins", "ls"])),
      readyWithinSeconds: 60,
    },
    layout,
    ctx,
  );
}

/** `true` when the list of plugins says that the kubelet's one works, else what it says (its last column). */
export function criStatus(plugins: string): true | string {
  const status = /^io\.containerd\.grpc\.v1\s+cri\s.*?(\S+)\s*$/m.exec(plugins)?.[1];
  return status === "ok" || `its CRI plugin has the status ${status ?? "absent"}`;
}
