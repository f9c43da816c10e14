import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError, run } from "../command.ts";
import { NETWORK, RULE_COMMENT } from "./settings.ts";

/** Chains and rules of one table, as `iptables-save` prints them. */
export interface Table {
  name: string;
  chains: string[];
  /** Each with its `-A CHAIN` in front. */
  rules: string[];
}

export function parseTables(save: string): Table[] {
  const tables: Table[] = [];
  for (const line of save.split("\n")) {
    if (line.startsWith("*")) tables.push({ name: line.slice(1).trim(), chains: [], rules: [] });
    const table = tables.at(-1);
    if (line.startsWith(":")) table?.chains.push(line.slice(1).split(" ")[0]!);
    if (line.startsWith("-A ")) table?.rules.push(line);
  }
  return tables;
}

/** What's in a table because of the embedded node. */
export interface Owned {
  table: string;
  chains: string[];
  /** Rules in other chains: jumps into the owned ones, and our own by their comment. */
  rules: string[];
}

/**
 * Which chains and rules are the node's: those of kubelet and kube-proxy (`KUBE-`), those of the portmap plugin for our
 * network (its chains `CNI-HOSTPORT-` only when no other network uses them) and rules with our comment.
 */
export function ownedIn(table: Table): Owned {
  const portChains = new Set(
    table.rules
      .filter((rule) => chainOf(rule) === "CNI-HOSTPORT-DNAT" && rule.includes(`name: \\"${NETWORK}\\"`))
      .flatMap((rule) => targetOf(rule) ?? []),
  );
  const foreignPorts = table.rules.some(
    (rule) => chainOf(rule) === "CNI-HOSTPORT-DNAT" && !portChains.has(targetOf(rule) ?? ""),
  );
  const chains = table.chains.filter(
    (chain) =>
      chain.startsWith("KUBE-") || portChains.has(chain) || (chain.startsWith("CNI-HOSTPORT-") && !foreignPorts),
  );
  const owned = new Set(chains);
  const ours = new RegExp(`--comment (${RULE_COMMENT}|"${RULE_COMMENT}")( |$)`);
  const rules = table.rules.filter((rule) => {
    if (owned.has(chainOf(rule))) return false;
    return owned.has(targetOf(rule) ?? "") || ours.test(rule);
  });
  return { table: table.name, chains, rules };
}

/** Input for `iptables-restore --noflush` that removes what's owned, each table in one go. */
export function removalScript(owned: Owned[]): string {
  return owned
    .filter(({ chains, rules }) => chains.length + rules.length > 0)
    .flatMap(({ table, chains, rules }) => [
      `*${table}`,
      ...rules.map((rule) => rule.replace(/^-A /, "-D ")),
      ...chains.map((chain) => `-F ${chain}`),
      ...chains.map((chain) => `-X ${chain}`),
      "COMMIT",
      "",
    ])
    .join("\n");
}

const FAMILIES = ["iptables", "ip6tables"] as const;

/** The node's chains and rules in the machine's firewall, one text each; none where iptables isn't installed. */
export async function ownedFirewall(folder: string): Promise<string[]> {
  const found = [];
  for (const family of FAMILIES) {
    for (const { table, chains, rules } of await owned(join(folder, family))) {
      found.push(...[...chains.map((chain) => `chain ${chain}`), ...rules].map((text) => `${family} ${table} ${text}`));
    }
  }
  return found;
}

/** Removes them. `folder`: where iptables and its companions are. */
export async function cleanFirewall(folder: string): Promise<void> {
  for (const family of FAMILIES) {
    const script = removalScript(await owned(join(folder, family)));
    if (script) await run(`${join(folder, family)}-restore`, ["--noflush", "-w", "10"], { input: script });
  }
}

async function owned(program: string): Promise<Owned[]> {
  if (!existsSync(`${program}-save`)) return [];
  try {
    return parseTables(await run(`${program}-save`, [])).map(ownedIn);
  } catch (error) {
    // A kernel without IPv6 has no such tables, so nothing of ours is in them.
    if (error instanceof CommandError && program.endsWith("ip6tables")) return [];
    throw error;
  }
}

function chainOf(rule: string): string {
  return rule.split(" ")[1]!;
}

function targetOf(rule: string): string | undefined {
  return / (?:-j|-g) (\S+)/.exec(rule)?.[1];
}
