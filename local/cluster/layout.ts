import { join } from "node:path";

/** Where the embedded node's files are. All but the image store and the CNI cache lie under one folder. */
export interface Layout {
  home: string;
  pidDir: string;
  logDir: string;
  /** What the machine was like before: to be put back. */
  hostRecord: string;
  kubeconfig: string;
  kwokWorkdir: string;
  kwokConfig: string;
  kwokKubeconfig: string;
  /** What kubectl remembers of the API: by default it would be in the user's home. */
  kubectlCache: string;
  /** Holds ca.crt, ca.key, admin.crt and admin.key as kwokctl makes them. */
  pki: string;
  containerd: { config: string; root: string; state: string; socket: string; runc: string; opt: string; hosts: string };
  cni: { conf: string; ipam: string };
  kubelet: { config: string; root: string; pki: string; podLogs: string; volumePlugins: string };
  kubeProxyConfig: string;
  corefile: string;
}

/** Name that kwokctl knows the cluster by. */
export const KWOK_CLUSTER = "rewardlab";

/**
 * `containerd.root` is in the cache, so that a warm start pulls nothing again; all the rest is of one start only.
 * A socket's path may have 107 characters, which bounds the length of `stateDir` (see preflight).
 */
export function layout(dirs: { cacheDir: string; stateDir: string }): Layout {
  const home = join(dirs.stateDir, "cluster");
  const containerd = join(home, "containerd");
  const kubelet = join(home, "kubelet");
  const kwokWorkdir = join(home, "kwok");
  return {
    home,
    pidDir: join(home, "pids"),
    logDir: join(home, "logs"),
    hostRecord: join(home, "host.json"),
    kubeconfig: join(home, "kubeconfig"),
    kwokWorkdir,
    kwokConfig: join(home, "kwokctl.json"),
    kwokKubeconfig: join(home, "kwok-kubeconfig"),
    kubectlCache: join(home, "kubectl-cache"),
    pki: join(kwokWorkdir, "clusters", KWOK_CLUSTER, "pki"),
    containerd: {
      config: join(containerd, "config.toml"),
      root: join(dirs.cacheDir, "containerd"),
      state: join(containerd, "state"),
      socket: join(containerd, "containerd.sock"),
      runc: join(containerd, "runc"),
      opt: join(containerd, "opt"),
      hosts: join(containerd, "hosts"),
    },
    cni: { conf: join(home, "cni", "conf"), ipam: join(home, "cni", "ipam") },
    kubelet: {
      config: join(kubelet, "config.json"),
      root: join(kubelet, "root"),
      pki: join(kubelet, "pki"),
      podLogs: join(kubelet, "pod-logs"),
      volumePlugins: join(kubelet, "volume-plugins"),
    },
    kubeProxyConfig: join(home, "kube-proxy.json"),
    corefile: join(home, "Corefile"),
  };
}
