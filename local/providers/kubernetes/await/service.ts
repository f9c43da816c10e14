import { at, listAt, type Manifest, mapAt, stringAt } from "../manifest.ts";
import { READY, type Verdict, waiting } from "./verdict.ts";

/** A Service that still has no endpoint after this long is taken to have none: its pods may come later or never. */
export const SETTLE_SECONDS = 10;

/**
 * A Service is ready when no endpoint of it is unready, and a load balancer has its address. A Service without
 * selector, a headless one and an external name need no endpoints.
 *
 * `slices` are its EndpointSlices; `waitedSeconds` is how long we've been watching.
 */
export function serviceVerdict(service: Manifest, slices: Manifest[], waitedSeconds: number): Verdict {
  const type = stringAt(service, "spec", "type") ?? "ClusterIP";
  if (type === "LoadBalancer" && listAt(service, "status", "loadBalancer", "ingress").length === 0) {
    return waiting("no load balancer has given it an address; does this cluster have a load-balancer controller?");
  }
  const headless = stringAt(service, "spec", "clusterIP") === "None";
  const hasSelector = Object.keys(mapAt(service, "spec", "selector")).length > 0;
  if (type === "ExternalName" || headless || !hasSelector) return READY;

  const endpoints = slices.flatMap((slice) => listAt(slice, "endpoints"));
  const unready = endpoints.filter((endpoint) => at(endpoint, "conditions", "ready") === false);
  if (unready.length > 0) return waiting(`${unready.length} of ${endpoints.length} pods behind it aren't ready`);
  if (endpoints.length === 0 && waitedSeconds < SETTLE_SECONDS) return waiting("no pods behind it yet");
  return READY;
}
