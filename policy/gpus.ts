import { UNKNOWN } from "./planned.ts";
import type { Container } from "./pods.ts";

/** Extended resources that are GPUs, of any maker: nvidia.com/gpu, amd.com/gpu. */
const GPU_RESOURCE = /\/gpu(\.shared)?$/;

/** GPUs that a container asks for in a list of its resources, by resource name; UNKNOWN if that is not known yet. */
export function gpusIn({ container }: Container, list: "requests" | "limits"): Record<string, unknown> | typeof UNKNOWN {
  const resources: unknown = container["resources"];
  if (resources === UNKNOWN) return UNKNOWN;
  const quantities: unknown = (resources as Record<string, unknown> | undefined)?.[list] ?? {};
  if (quantities === UNKNOWN) return UNKNOWN;
  return Object.fromEntries(Object.entries(quantities as Record<string, unknown>).filter(([name]) => GPU_RESOURCE.test(name)));
}

/** How many GPUs a container asks for; none as long as that is not known. */
export function gpuCount(container: Container): number {
  const limits = gpusIn(container, "limits");
  return limits === UNKNOWN ? 0 : Object.values(limits).reduce<number>((sum, value) => sum + (Number(value) || 0), 0);
}
