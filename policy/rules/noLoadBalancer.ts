import type { Rule } from "../planned.ts";

const OPEN_TYPES = ["LoadBalancer", "NodePort"];

/** The servers are for the stack's own pods; vLLM's adapter endpoints run what they are given. */
export const noLoadBalancer: Rule = {
  name: "no-way-in-from-outside",
  description: "No Service is of type LoadBalancer or NodePort, or has external addresses, and there is no Ingress.",
  remedy: "Make the Service a ClusterIP; from your machine, reach it with kubectl port-forward.",
  check: ({ type, props }) => {
    if (/:(Ingress|HTTPRoute|Gateway)$/.test(type)) return ["lets traffic in from outside of the cluster"];
    if (type !== "kubernetes:core/v1:Service") return [];
    const spec = props["spec"] ?? {};
    return [
      ...(OPEN_TYPES.includes(spec.type) ? [`spec.type is ${String(spec.type)}`] : []),
      ...(Array.isArray(spec.externalIPs) && spec.externalIPs.length > 0 ? ["spec.externalIPs names addresses outside of the cluster"] : []),
    ];
  },
};
