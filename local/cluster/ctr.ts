import { run } from "../command.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import type { Layout } from "./layout.ts";

/** The namespace in which the kubelet's images and containers are. */
export const CRI_NAMESPACE = "k8s.io";

/** Runs containerd's own client in the kubelet's namespace. */
export function ctr(layout: Layout, programs: HostPrograms, args: string[]): Promise<string> {
  const common = ["--address", layout.containerd.socket, "--timeout", "30s", "--namespace", CRI_NAMESPACE];
  return run(programs.ctr, [...common, ...args]);
}
