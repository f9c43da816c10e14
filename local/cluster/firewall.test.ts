import { expect, test } from "vitest";
import { ownedIn, parseTables, removalScript } from "./firewall.ts";

const SAVE = `# Generated
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-MASQ - [0:0]
:CNI-DN-ours - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -s 10.215.0.0/24 ! -o rwl0 -m comment --comment rewardlab -j MASQUERADE
-A POSTROUTING -m comment --comment "rewardlab of someone else" -j MASQUERADE
-A KUBE-SERVICES -d 10.216.0.1/32 -j KUBE-SVC-A
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"rewardlab\\" id: \\"x\\"" -m multiport --dports 80 -j CNI-DN-ours
COMMIT
`;
const OTHERS_PORT =
  '-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"podman\\" id: \\"y\\"" -j CNI-DN-theirs\n';

test("the node's chains and the jumps into them are owned, other software's are not", () => {
  const [nat] = parseTables(SAVE);
  const { chains, rules } = ownedIn(nat!);
  expect(chains).toEqual(["KUBE-SERVICES", "KUBE-SVC-A", "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-MASQ", "CNI-DN-ours"]);
  expect(rules).toEqual([
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    "-A POSTROUTING -s 10.215.0.0/24 ! -o rwl0 -m comment --comment rewardlab -j MASQUERADE",
  ]);
});

test("chains for host ports that another network uses too stay; our pods' go, with their rule", () => {
  const shared = SAVE.replace(":CNI-DN-ours", ":CNI-DN-theirs - [0:0]\n:CNI-DN-ours").replace(
    "COMMIT",
    `${OTHERS_PORT}COMMIT`,
  );
  const { chains, rules } = ownedIn(parseTables(shared)[0]!);
  expect(chains).toEqual(["KUBE-SERVICES", "KUBE-SVC-A", "CNI-DN-ours"]);
  expect(rules.filter((rule) => rule.includes("CNI-"))).toEqual([expect.stringContaining("-j CNI-DN-ours")]);
});

test("the script takes rules away before chains, and chains' rules before the chains", () => {
  const script = removalScript(parseTables(SAVE).map(ownedIn)).split("\n");
  expect(script[0]).toBe("*nat");
  const kinds = script.slice(1, -2).map((line) => line.slice(0, 2));
  expect(kinds).toEqual([...Array(3).fill("-D"), ...Array(5).fill("-F"), ...Array(5).fill("-X")]);
  expect(script.at(-2)).toBe("COMMIT");
});

test("where nothing is owned there is nothing to run", () => {
  expect(removalScript(parseTables("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n").map(ownedIn))).toBe("");
});
