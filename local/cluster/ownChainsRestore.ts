import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What stands before `iptables-restore` on the policy controller's PATH. `real`: folder of iptables and its companions. */
export function ownChainsScript(real: string): string {
  return `#!/bin/sh
# The policy controller reads the whole filter table, changes its own chains in it and writes the whole table back. What others
# (kube-proxy, a Docker engine, the machine's owner) had changed in between would be undone. Only its own chains get through here.
{ "${real}/iptables" -w -S | sed -n 's/^-N \\(KUBE-\\(NWPLCY\\|POD-FW\\)-.*\\)/existing \\1/p'; cat; } | awk '
  $1 == "existing" { old[$2]; next }
  /^:KUBE-(ROUTER|NWPLCY|POD-FW)-/ { name = substr($1, 2); delete old[name]; print ":" name " - [0:0]" }
  /^-[AI] KUBE-(ROUTER|NWPLCY|POD-FW)-/ || /^\\*/ { print }
  /^COMMIT/ { for (chain in old) print "-F " chain; for (chain in old) print "-X " chain; print }
' | "${real}/iptables-restore" --noflush "$@"
`;
}

/** Writes it into a folder; returns the folder, to be put first on a PATH. */
export function writeOwnChainsRestore(folder: string, iptables: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "iptables-restore"), ownChainsScript(dirname(iptables)), { mode: 0o755 });
  return folder;
}
