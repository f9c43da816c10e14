import { ApiException, CoreV1Api, type KubeConfig, PatchStrategy, setHeaderOptions, type V1Node, type V1Taint } from "@kubernetes/client-node";
import { BORROWED_TAINTS } from "../components/nodePool/gpu.ts";
import { NODE_LABEL_PREFIX } from "../components/names.ts";
import type { Screen } from "./screen.ts";

/** Keys of taints that come and go with a node's own state; whoever sets them keeps what else is in the list. */
const OF_NODE_STATE = /^node\.(cloudprovider\.)?kubernetes\.io\//;

export const taintText = ({ key, value, effect }: V1Taint): string => `${key}${value ? `=${value}` : ""}:${effect}`;
const isOurs = (taint: V1Taint): boolean => BORROWED_TAINTS.some(({ key, value, effect }) => taint.key === key && taint.value === value && taint.effect === effect);

/** The taints of a node that are neither a stack's nor its own state: with one of them, the list has another owner. */
export function foreignTaints({ spec }: V1Node): V1Taint[] {
  return (spec?.taints ?? []).filter((taint) => !isOurs(taint) && !OF_NODE_STATE.test(taint.key));
}

/** The taints of a stack on a node that no stack uses. */
export function leftTaints({ metadata, spec }: V1Node): V1Taint[] {
  const isUsed = Object.keys(metadata?.labels ?? {}).some((key) => key.startsWith(NODE_LABEL_PREFIX));
  return isUsed ? [] : (spec?.taints ?? []).filter(isOurs);
}

/**
 * Takes stacks' taints off nodes that no stack uses. A node's list of taints belongs as a whole to whoever changed it last
 * (listType atomic, core/v1 NodeSpec): once the node was not ready for a moment, that is the controller manager, and the end
 * of a stack gives back what it owns, which is no taint any more. Who may not see or change nodes is told so; else it throws what
 * the API server answers.
 */
export async function releaseTaints(config: KubeConfig, screen: Pick<Screen, "line">): Promise<void> {
  await release(config, screen).catch((error: unknown) => {
    if (!(error instanceof ApiException) || error.code !== 403) throw error;
    screen.line("nodes' taints were not looked after, since the cluster does not allow it: a taint of this stack may be left on a node");
  });
}

async function release(config: KubeConfig, { line }: Pick<Screen, "line">): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  for (const node of (await core.listNode()).items) {
    const left = leftTaints(node);
    if (left.length === 0) continue;
    const name = node.metadata!.name!;
    const taints = node.spec!.taints!.filter((taint) => !left.includes(taint));
    const body = [{ op: "test", path: "/metadata/resourceVersion", value: node.metadata!.resourceVersion }, { op: "replace", path: "/spec/taints", value: taints }];
    await core.patchNode({ name, body }, setHeaderOptions("Content-Type", PatchStrategy.JsonPatch));
    line(`node ${name}: took off ${left.map(taintText).join(", ")}, which had outlived its stack`);
  }
}
