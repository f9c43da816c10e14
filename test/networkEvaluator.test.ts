import { describe, expect, it } from "vitest";
import { type End, isAllowed, type PolicyObject } from "./networkEvaluator.ts";

/** The evaluator against examples of the Kubernetes documentation (concepts/services-networking/network-policies). */
const namespaces = { default: {}, other: { project: "myproject" } };
const pod = (labels: Record<string, string>, namespace = "default", ip = "10.1.0.9"): End => ({ namespace, labels, ip, ports: { http: 8080 } });
const [db, frontend, stranger] = [pod({ role: "db" }), pod({ role: "frontend" }), pod({})];
const allowed = (specs: unknown[], from: End, to: End, port = 6379, protocol: "TCP" | "UDP" = "TCP") =>
  isAllowed({ policies: specs.map((spec): PolicyObject => ({ namespace: "default", spec })), namespaces }, { from, to, port, protocol });

it("without a policy everything is allowed", () => expect(allowed([], stranger, db)).toBe(true));

describe("the documentation's test-network-policy", () => {
  const spec = {
    podSelector: { matchLabels: { role: "db" } },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{
      from: [{ ipBlock: { cidr: "172.17.0.0/16", except: ["172.17.1.0/24"] } }, { namespaceSelector: { matchLabels: { project: "myproject" } } }, { podSelector: { matchLabels: { role: "frontend" } } }],
      ports: [{ protocol: "TCP", port: 6379 }],
    }],
    egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/24" } }], ports: [{ protocol: "TCP", port: 5978 }] }],
  };

  it("isolates the pods that it selects, and no others", () => {
    expect(allowed([spec], stranger, db)).toBe(false);
    expect(allowed([spec], stranger, frontend)).toBe(true);
  });
  it("lets in a frontend, any pod of a namespace of the project, and addresses of the block but for the exception", () => {
    expect(allowed([spec], frontend, db)).toBe(true);
    expect(allowed([spec], pod({}, "other"), db)).toBe(true);
    expect(allowed([spec], { ip: "172.17.2.1" }, db)).toBe(true);
    expect(allowed([spec], { ip: "172.17.1.1" }, db)).toBe(false);
    expect(allowed([spec], pod({ role: "frontend" }, "third"), db)).toBe(false);
  });
  it("lets in by that port and protocol alone", () => {
    expect(allowed([spec], frontend, db, 80)).toBe(false);
    expect(allowed([spec], frontend, db, 6379, "UDP")).toBe(false);
  });
  it("lets out to the block by its port alone", () => {
    expect(allowed([spec], db, { ip: "10.0.0.7" }, 5978)).toBe(true);
    expect(allowed([spec], db, { ip: "10.0.1.7" }, 5978)).toBe(false);
    expect(allowed([spec], db, { ip: "10.0.0.7" }, 443)).toBe(false);
  });
});

describe("rules and their lists", () => {
  const client = { podSelector: { matchLabels: { user: "alice" } } };
  const team = { namespaceSelector: { matchLabels: { project: "myproject" } } };
  const ingress = (from: unknown[]) => ({ podSelector: {}, ingress: [{ from }] });

  it("two peers are either, one peer with two selectors is both", () => {
    const bob = pod({ user: "bob" }, "other");
    expect(allowed([ingress([team, client])], bob, db)).toBe(true);
    expect(allowed([ingress([{ ...team, ...client }])], bob, db)).toBe(false);
    expect(allowed([ingress([{ ...team, ...client }])], pod({ user: "alice" }, "other"), db)).toBe(true);
  });
  it("default deny lets nothing in; a rule without peers lets everybody in; policies add up", () => {
    expect(allowed([{ podSelector: {}, policyTypes: ["Ingress"] }], frontend, db)).toBe(false);
    expect(allowed([{ podSelector: {}, policyTypes: ["Ingress"] }, { podSelector: {}, ingress: [{}] }], frontend, db)).toBe(true);
  });
  it("without its types a policy is for what comes in, and for what goes out only if it has such rules", () => {
    expect(allowed([{ podSelector: { matchLabels: { role: "frontend" } } }], frontend, db)).toBe(true);
    expect(allowed([{ podSelector: { matchLabels: { role: "frontend" } }, egress: [] }], frontend, db)).toBe(false);
  });
  it("a range of ports has both its ends, a named one is the receiver's, and one without a number is all of them", () => {
    const range = (ports: unknown[]) => [{ podSelector: {}, policyTypes: ["Egress"], egress: [{ ports }] }];
    const open = [{ port: 32000, endPort: 32768 }];
    expect([31999, 32000, 32768, 32769].map((port) => allowed(range(open), frontend, db, port))).toEqual([false, true, true, false]);
    expect([8080, 80].map((port) => allowed(range([{ port: "http" }]), frontend, db, port))).toEqual([true, false]);
    expect(allowed(range([{ protocol: "TCP" }]), frontend, db, 1)).toBe(true);
  });
  it("expressions are In, NotIn, Exists and DoesNotExist", () => {
    const by = (operator: string, values?: string[]) => allowed([ingress([{ podSelector: { matchExpressions: [{ key: "role", operator, values }] } }])], frontend, db);
    expect([by("In", ["frontend"]), by("In", ["x"]), by("NotIn", ["x"]), by("NotIn", ["frontend"]), by("Exists"), by("DoesNotExist")]).toEqual([true, false, true, false, true, false]);
  });
});
