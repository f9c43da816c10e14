import { setTimeout as sleep } from "node:timers/promises";
import type { LocalContext } from "../context.ts";
import { GPU_RESOURCE } from "./gpu.ts";
import type { Kubectl } from "./kubectl.ts";

/** What is asked of a Node object; see the core/v1 API. */
interface NodeObject {
  spec?: { taints?: { key: string; effect: string }[] };
  status: {
    conditions?: { type: string; status: string; message?: string }[];
    allocatable?: Record<string, string>;
  };
}

/**
 * Taints that the controller manager sets while a node is not fit, and takes off up to five seconds after it is. While one
 * is there the controller manager owns the list of taints, and a stack that taints the node is refused.
 */
const LIFECYCLE_TAINTS = "node.kubernetes.io/";

/** What a node lacks for pods to be placed on it as they ask; empty when nothing. */
export function nodeLacks({ spec, status }: NodeObject, gpus: number): string {
  const ready = status.conditions?.find((condition) => condition.type === "Ready");
  if (ready?.status !== "True") return `the node isn't Ready: ${ready?.message ?? "it has said nothing yet"}`;
  const allocatable = status.allocatable?.[GPU_RESOURCE] ?? "0";
  if (allocatable !== String(gpus)) return `the node offers ${allocatable} ${GPU_RESOURCE}, not ${gpus}`;
  const taint = spec?.taints?.find(({ key }) => key.startsWith(LIFECYCLE_TAINTS));
  return taint ? `the node still has the taint ${taint.key}:${taint.effect}` : "";
}

/** The Node object; undefined before the kubelet has registered it. Throws when the API server doesn't answer. */
export async function nodeObject(kubectl: Kubectl, name: string): Promise<NodeObject | undefined> {
  const text = await kubectl(["get", "node", name, "--ignore-not-found", "-o", "json"]);
  return text.trim() ? (JSON.parse(text) as NodeObject) : undefined;
}

/**
 * Polls until `missing` resolves to an empty text; reports what it says meanwhile.
 * Throws with its last words after `seconds`, and the signal's reason when aborted.
 */
export async function waitFor(
  what: string,
  seconds: number,
  missing: () => Promise<string>,
  ctx: LocalContext,
): Promise<void> {
  const start = Date.now();
  let reported = start;
  for (;;) {
    ctx.signal.throwIfAborted();
    const reason = await missing().catch((error: unknown) => (error as Error).message);
    if (!reason) return;
    if (Date.now() - start > seconds * 1000) throw new Error(`${what} isn't there after ${seconds} s: ${reason}`);
    if (Date.now() - reported >= 2000) {
      reported = Date.now();
      ctx.progress(`waiting for ${what}: ${reason.split("\n")[0]}`);
    }
    await sleep(100);
  }
}
