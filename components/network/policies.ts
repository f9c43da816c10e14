import type * as k8s from "@pulumi/kubernetes";
import { LABEL, type Part, PORTS } from "../names.ts";
import { FLOWS, type OutsideNeeds, outsidePorts, PARTS, portOf } from "./flows.ts";
import { podsIn } from "./resultsPolicies.ts";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** A NetworkPolicy by its name. */
export interface Policy {
  name: string;
  part?: Part;
  spec: Spec;
}

/**
 * Anywhere but the addresses that a cloud gives a node's own credentials out at. A task app elsewhere may be in another
 * namespace, whose pods some network plug-ins do not count among addresses: hence the second peer.
 */
const ANYWHERE: Peer[] = [
  { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } },
  { ipBlock: { cidr: "::/0", except: ["fe80::/10", "fd00:ec2::/32"] } },
];
const OTHER_NAMESPACES: Peer = { namespaceSelector: {} };

/** Who is meant by "outside"; undefined: any peer. Some plug-ins count the API server among no addresses, so its ports alone are named. */
function outsidePeers(part: Part): Peer[] | undefined {
  if (part === "pair-controller") return undefined;
  return part === "run" ? [...ANYWHERE, OTHER_NAMESPACES] : ANYWHERE;
}

const tcp = (port: number) => ({ protocol: "TCP", port });
const podsOf = (part: Part) => ({ podSelector: { matchLabels: { [LABEL.part]: part } } });

/**
 * The walls of a stack's namespace: nobody gets in and nothing gets out, but for names (DNS) and the flows of flows.ts.
 *
 * Names are asked for on port 53 of any address: which one answers differs from cluster to cluster (pods, an address of
 * the node, the cloud's own).
 */
export function policiesOf(needs: OutsideNeeds): Policy[] {
  return [
    { name: "default-deny", spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
    { name: "names", spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ protocol: "UDP", port: 53 }, tcp(53)] }] } },
    ...PARTS.map((part): Policy => ({ name: part, part, spec: partSpec(part, needs) })),
  ];
}

/** The stack's store: its address is `store.<namespace>.svc`. */
const storeAt = (url: string): Peer => podsIn(new URL(url).hostname.split(".")[1]!, "store");

function partSpec(part: Part, needs: OutsideNeeds): Spec {
  const clients = FLOWS.filter(({ to }) => to === part);
  const outside = outsidePorts(part, needs);
  return {
    ...podsOf(part),
    policyTypes: ["Ingress", "Egress"],
    ingress: clients.map(({ from, to }) => ({ from: [podsOf(from)], ports: [tcp(portOf(to))] })),
    egress: [
      ...FLOWS.filter(({ from }) => from === part).map(({ to }) => ({ to: [podsOf(to)], ports: [tcp(portOf(to))] })),
      ...(part === "run" && needs.results?.kind === "store" ? [{ to: [storeAt(needs.results.url)], ports: [tcp(PORTS.store)] }] : []),
      ...outside.map((port) => ({ ...(outsidePeers(part) && { to: outsidePeers(part)! }), ports: [tcp(port)] })),
    ],
  };
}
