import { LABEL, namespaceOf, PORTS } from "../names.ts";
import type { Policy } from "./policies.ts";

/** The label that the API server gives every namespace: its name. */
const NAMESPACE_LABEL = "kubernetes.io/metadata.name";

/** Pods of a part in a namespace, as a peer of a policy. */
export const podsIn = (namespace: string, part: "run" | "store") => ({
  namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: namespace } }, podSelector: { matchLabels: { [LABEL.part]: part } },
});

/**
 * The walls around a stack's results: nothing gets out, and only the stack's own runs get in, to the store. Whoever
 * collects comes by the API server, which no policy concerns.
 */
export function resultsPolicies(stack: string): Policy[] {
  return [
    { name: "default-deny", spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
    {
      name: "store", part: "store",
      spec: {
        podSelector: { matchLabels: { [LABEL.part]: "store" } }, policyTypes: ["Ingress"],
        ingress: [{ from: [podsIn(namespaceOf(stack), "run")], ports: [{ protocol: "TCP", port: PORTS.store }] }],
      },
    },
  ];
}
