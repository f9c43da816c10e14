import { join } from "node:path";
import { CommandError, run } from "../command.ts";
import { writeConfig } from "./configFile.ts";
import type { HostPrograms } from "./hostPrograms.ts";
import type { Layout } from "./layout.ts";
import { type ClusterSettings, NETWORK, RULE_COMMENT } from "./settings.ts";

/**
 * The CNI network list. The bridge is made beforehand, since its address is the node's; pods' addresses are hidden by one
 * rule of our own (below), not by the plugin's `ipMasq`, which would leave a chain for each pod that dies without notice.
 */
export function cniConfig(settings: ClusterSettings, layout: Layout): object {
  return {
    cniVersion: "1.0.0",
    name: NETWORK,
    plugins: [
      {
        type: "bridge",
        bridge: settings.bridge,
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: layout.cni.ipam,
          ranges: [[{ subnet: settings.podRange, gateway: settings.nodeAddress }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** One iptables rule: its table, its chain and what comes after the chain's name. */
export interface Rule {
  table: string;
  chain: string;
  match: string[];
}

/** Pods go out under the machine's address; and a firewall that drops by default lets the bridge's traffic through. */
export function ownRules(settings: ClusterSettings): Rule[] {
  const comment = ["-m", "comment", "--comment", RULE_COMMENT];
  const outside = ["-s", settings.podRange, "!", "-d", settings.podRange, "!", "-o", settings.bridge];
  return [
    { table: "filter", chain: "INPUT", match: ["-i", settings.bridge, ...comment, "-j", "ACCEPT"] },
    { table: "filter", chain: "FORWARD", match: ["-i", settings.bridge, ...comment, "-j", "ACCEPT"] },
    { table: "filter", chain: "FORWARD", match: ["-o", settings.bridge, ...comment, "-j", "ACCEPT"] },
    { table: "nat", chain: "POSTROUTING", match: [...outside, ...comment, "-j", "MASQUERADE"] },
  ];
}

/** Makes the bridge with the node's address, the services' route and the rules; what's there already is kept. */
export async function ensureNetwork(settings: ClusterSettings, layout: Layout, programs: HostPrograms): Promise<void> {
  const bridge = settings.bridge;
  writeConfig(join(layout.cni.conf, "10-rewardlab.conflist"), cniConfig(settings, layout));
  const ip = (...args: string[]) => run(programs.ip, args);
  if (!(await succeeds(ip("link", "show", "dev", bridge)))) await ip("link", "add", bridge, "type", "bridge");
  const prefix = settings.podRange.split("/")[1];
  await ip("address", "replace", `${settings.nodeAddress}/${prefix}`, "dev", bridge);
  await ip("link", "set", bridge, "up");
  // Without it a machine that has no default route couldn't reach a service's address, which no interface has.
  await ip("route", "replace", settings.serviceRange, "dev", bridge);
  for (const { table, chain, match } of ownRules(settings)) {
    const iptables = (action: string) => run(programs.iptables, ["-w", "-t", table, action, chain, ...match]);
    if (!(await succeeds(iptables("-C")))) await iptables("-I");
  }
}

async function succeeds(command: Promise<string>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
