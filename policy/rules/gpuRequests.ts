import { gpusIn } from "../gpus.ts";
import { type Rule, UNKNOWN } from "../planned.ts";
import { containersOf, podsOf } from "../pods.ts";

/** GPUs cannot be overcommitted: the API server refuses a limit that is not the request, at the pod, after everything else is made. */
export const gpuRequests: Rule = {
  name: "gpu-requests-are-limits",
  description: "A container's requests and limits of GPUs are the same whole number.",
  remedy: "Give resources.requests and resources.limits the same whole number of GPUs.",
  check: (object) => podsOf(object).flatMap(containersOf).flatMap((container) => {
    const requests = gpusIn(container, "requests");
    const limits = gpusIn(container, "limits");
    if (requests === UNKNOWN || limits === UNKNOWN) return [];
    return [...new Set([...Object.keys(requests), ...Object.keys(limits)])].flatMap((name) => {
      const request = requests[name];
      const limit = limits[name];
      if (request === UNKNOWN || limit === UNKNOWN) return [];
      if (request === undefined || limit === undefined || String(request) !== String(limit)) {
        return [`${container.place} requests ${String(request ?? "no")} ${name} and is limited to ${String(limit ?? "no")}`];
      }
      return /^[1-9]\d*$/.test(String(limit)) ? [] : [`${container.place} asks for ${String(limit)} ${name}, which is no whole number of GPUs`];
    });
  }),
};
