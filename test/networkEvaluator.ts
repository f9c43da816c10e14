import { BlockList, isIPv6 } from "node:net";

/**
 * What NetworkPolicies allow, computed: the semantics of kubernetes.io/docs/concepts/services-networking/network-policies,
 * for pods and addresses. A cluster needs a policy controller to enforce them; a test does not.
 */

export interface PodEnd {
  namespace: string;
  labels: Record<string, string>;
  ip?: string;
  /** Named ports of its containers. */
  ports?: Record<string, number>;
}
/** An address that is no pod's. */
export interface OutsideEnd {
  ip: string;
}
export type End = PodEnd | OutsideEnd;

export interface PolicyObject {
  namespace: string;
  spec: any;
}

export interface World {
  policies: readonly PolicyObject[];
  /** Labels of the namespaces, by name. */
  namespaces: Record<string, Record<string, string>>;
}

export interface Connection {
  from: End;
  to: End;
  port: number;
  protocol?: "TCP" | "UDP" | "SCTP";
}

const isPod = (end: End): end is PodEnd => "namespace" in end;

/** Both ends must agree: the policies that select the sender, and those that select the receiver. */
export function isAllowed(world: World, { from, to, port, protocol = "TCP" }: Connection): boolean {
  const wanted = { port, protocol };
  return passes(world, "Egress", from, to, to, wanted) && passes(world, "Ingress", to, from, to, wanted);
}

function passes(world: World, direction: "Ingress" | "Egress", self: End, other: End, receiver: End, wanted: Wanted): boolean {
  if (!isPod(self)) return true;
  const selecting = world.policies.filter(({ namespace, spec }) => namespace === self.namespace && matches(spec.podSelector, self.labels) && typesOf(spec).includes(direction));
  // Not isolated: no policy of this direction selects it.
  if (selecting.length === 0) return true;
  return selecting.some(({ namespace, spec }) => ((direction === "Ingress" ? spec.ingress : spec.egress) ?? []).some((rule: any) => {
    const peers: any[] = (direction === "Ingress" ? rule.from : rule.to) ?? [];
    const ports: any[] = rule.ports ?? [];
    return (peers.length === 0 || peers.some((peer) => isPeer(world, namespace, peer, other)))
      && (ports.length === 0 || ports.some((each) => isPort(each, wanted, receiver)));
  }));
}

interface Wanted {
  port: number;
  protocol: string;
}

/** Left out, a policy is for what comes in, and for what goes out if it has rules for that. */
const typesOf = (spec: any): string[] => spec.policyTypes ?? ["Ingress", ...(spec.egress ? ["Egress"] : [])];

function isPeer({ namespaces }: World, home: string, { podSelector, namespaceSelector, ipBlock }: any, other: End): boolean {
  if (ipBlock) return other.ip !== undefined && inBlock(ipBlock.cidr, other.ip) && !(ipBlock.except ?? []).some((cidr: string) => inBlock(cidr, other.ip!));
  if (!isPod(other)) return false;
  const inNamespace = namespaceSelector ? matches(namespaceSelector, { ...namespaces[other.namespace], "kubernetes.io/metadata.name": other.namespace }) : other.namespace === home;
  return inNamespace && (podSelector === undefined || matches(podSelector, other.labels));
}

function isPort({ port, endPort, protocol = "TCP" }: any, wanted: Wanted, receiver: End): boolean {
  if (protocol !== wanted.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === "string") return isPod(receiver) && receiver.ports?.[port] === wanted.port;
  return wanted.port >= port && wanted.port <= (endPort ?? port);
}

function matches({ matchLabels = {}, matchExpressions = [] }: any, labels: Record<string, string>): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(({ key, operator, values = [] }: any) => {
    const value = labels[key];
    if (operator === "Exists") return value !== undefined;
    if (operator === "DoesNotExist") return value === undefined;
    if (operator === "In") return value !== undefined && values.includes(value);
    if (operator === "NotIn") return value === undefined || !values.includes(value);
    throw new Error(`no such operator: ${String(operator)}`);
  });
}

function inBlock(cidr: string, ip: string): boolean {
  const [net, prefix] = cidr.split("/") as [string, string];
  if (isIPv6(net) !== isIPv6(ip)) return false;
  const list = new BlockList();
  const family = isIPv6(net) ? "ipv6" : "ipv4";
  list.addSubnet(net, Number(prefix), family);
  return list.check(ip, family);
}
