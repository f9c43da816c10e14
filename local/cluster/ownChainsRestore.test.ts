import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../command.ts";
import { writeOwnChainsRestore } from "./ownChainsRestore.ts";

const folder = mkdtempSync(join(tmpdir(), "rewardlab-restore-"));
let restore: string;
beforeAll(() => {
  // Fakes of the machine's own programs: the rules that it has, and what it is given to restore.
  const real = join(folder, "real");
  mkdirSync(real);
  writeFileSync(join(real, "iptables"), "#!/bin/sh\nprintf '%s\\n' '-P INPUT ACCEPT' '-N KUBE-SERVICES' '-N KUBE-ROUTER-FORWARD' '-N KUBE-POD-FW-GONE' '-N KUBE-NWPLCY-KEPT' '-A FORWARD -j KUBE-ROUTER-FORWARD'\n");
  writeFileSync(join(real, "iptables-restore"), "#!/bin/sh\necho \"# $*\"\ncat\n");
  for (const name of ["iptables", "iptables-restore"]) chmodSync(join(real, name), 0o755);
  restore = join(writeOwnChainsRestore(join(folder, "shim"), join(real, "iptables")), "iptables-restore");
});
afterAll(() => rmSync(folder, { recursive: true }));

const given = (lines: string[]) => run(restore, ["--wait", "-T", "filter"], { input: `${lines.join("\n")}\n` });

test("of a whole table only the controller's own chains are written, beside whatever others have there", async () => {
  const written = await given([
    "*filter", ":INPUT ACCEPT [0:0] - [0:0]", ":KUBE-SERVICES - [0:0]", ":KUBE-ROUTER-FORWARD - [0:0] - [0:0]", ":KUBE-NWPLCY-KEPT - [0:0]", ":KUBE-POD-FW-NEW - [0:0]",
    "-A INPUT -j KUBE-SERVICES", "-A KUBE-SERVICES -d 10.216.0.10/32 -j REJECT", "-A FORWARD -j KUBE-ROUTER-FORWARD",
    "-I KUBE-POD-FW-NEW 1 -j KUBE-NWPLCY-KEPT", "-A KUBE-ROUTER-FORWARD -d 10.215.0.9/32 -j KUBE-POD-FW-NEW", "COMMIT",
  ]);
  expect(written.trimEnd().split("\n")).toEqual([
    "# --noflush --wait -T filter",
    "*filter", ":KUBE-ROUTER-FORWARD - [0:0]", ":KUBE-NWPLCY-KEPT - [0:0]", ":KUBE-POD-FW-NEW - [0:0]",
    "-I KUBE-POD-FW-NEW 1 -j KUBE-NWPLCY-KEPT", "-A KUBE-ROUTER-FORWARD -d 10.215.0.9/32 -j KUBE-POD-FW-NEW",
    // A pod's chain goes with the pod.
    "-F KUBE-POD-FW-GONE", "-X KUBE-POD-FW-GONE", "COMMIT",
  ]);
});

test("a failure of the real program is its own", async () => {
  writeFileSync(join(folder, "real", "iptables-restore"), "#!/bin/sh\ncat > /dev/null\nexit 4\n");
  await expect(given(["*filter", "COMMIT"])).rejects.toMatchObject({ status: 4 });
});
