import { CommandError, run } from "../command.ts";

/** Names that the policy controller gives its sets: peers of a policy, its targets, and addresses of the node. */
const OWNED = /^(inet6:)?(KUBE-(SRC|DST)-|kube-router-)/;

/** The embedded node's sets of addresses in the kernel, which its firewall rules name. `program`: path of ipset. */
export async function ownedAddressSets(program: string): Promise<string[]> {
  try {
    return (await run(program, ["list", "-name"])).split("\n").filter((name) => OWNED.test(name));
  } catch (error) {
    // A kernel without such sets has none of ours.
    if (error instanceof CommandError) return [];
    throw error;
  }
}

/** Removes them; the rules that name one must have gone before. */
export async function cleanAddressSets(program: string): Promise<void> {
  for (const name of await ownedAddressSets(program)) await run(program, ["destroy", name]);
}
