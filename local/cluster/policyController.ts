import { join } from "node:path";
import type { LocalContext } from "../context.ts";
import { run } from "../command.ts";
import { startDaemon } from "../daemon/daemon.ts";
import { SYSTEM_PATH } from "../daemon/environment.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import type { Layout } from "./layout.ts";
import { writeOwnChainsRestore } from "./ownChainsRestore.ts";
import { type ClusterSettings, RULE_COMMENT } from "./settings.ts";

/**
 * kube-router's arguments: its policy controller and nothing else. Its router and its service proxy are off, and with them the
 * parts that advisories on this version are about (GHSA-phqm-jgc3-qf8g, GHSA-v5mh-h5hx-7v92). It would serve its health on all
 * addresses of the machine, so it serves none.
 */
export function policyControllerArgs(settings: ClusterSettings, layout: Layout): string[] {
  return [
    `--kubeconfig=${layout.kubeconfig}`,
    `--hostname-override=${settings.nodeName}`,
    `--service-cluster-ip-range=${settings.serviceRange}`,
    ...["--run-firewall=true", "--run-router=false", "--run-service-proxy=false", "--run-loadbalancer=false", "--enable-cni=false"],
    ...["--health-port=0", "--metrics-port=0"],
  ];
}

/** Starts the policy controller; ready when its first pass over the policies is in the kernel's rules. */
export async function startPolicyController(
  settings: ClusterSettings,
  layout: Layout,
  toolchain: Toolchain,
  programs: HostPrograms,
  ctx: LocalContext,
): Promise<void> {
  await startDaemon(
    {
      name: "kube-router",
      command: toolchain.binaries.kubeRouter,
      args: policyControllerArgs(settings, layout),
      env: { PATH: `${writeOwnChainsRestore(join(layout.home, "kube-router"), programs.iptables)}:${SYSTEM_PATH}` },
      ready: async () => isEnforcing(await run(programs.iptables, ["-w", "-S"])),
      readyWithinSeconds: 30,
    },
    layout,
    ctx,
  );
}

/**
 * Whether forwarded packets go through the controller's chain before this node's own rules let them pass, and the chain ends by
 * accepting what the policies have marked: the last thing that a pass over them writes. kube-proxy's chains may come before it: of
 * what pods begin they let nothing pass. `rules`: what `iptables -S` prints.
 */
export function isEnforcing(rules: string): boolean | string {
  const lines = rules.split("\n");
  const forward = lines.filter((line) => line.startsWith("-A FORWARD"));
  const [jump, own] = ["-j KUBE-ROUTER-FORWARD", `--comment ${RULE_COMMENT} `].map((part) => forward.findIndex((line) => line.includes(part)));
  if (jump === -1 || (own! !== -1 && own! < jump!)) return "its chain does not come before the node's own rules";
  const accepts = lines.some((line) => line.startsWith("-A KUBE-ROUTER-FORWARD") && /--mark 0x20000\/0x20000.* -j ACCEPT/.test(line));
  return accepts || "its first pass is not in the rules";
}
