import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { namespaceOf, nodeLabelOf, resultsNamespaceOf } from "../components/names.ts";
import { ApiError } from "../local/providers/kubernetes/apiError.ts";
import { ObjectClient } from "../local/providers/kubernetes/client.ts";
import { clusterInventory, type Held } from "./clusterInventory.ts";
import { RunFailure } from "./exit.ts";
import { releaseTaints } from "./nodeTaints.ts";
import type { Screen } from "./screen.ts";

/** Made by the cluster for an object of the stack, with its labels and without an owner; they come and go with that object. */
const SHADOWS = ["Endpoints", "PersistentVolume"];
const WAIT_MINUTES = 5;

const keyOf = (kind: string, id: string) => `${kind} ${id}`;

/** The objects that a stack's state knows, from the file that the engine keeps it in; none where there is no such file. */
export function savedObjects(stateFile: string): Set<string> {
  let text: string;
  try {
    text = readFileSync(stateFile, "utf8");
  } catch {
    return new Set();
  }
  const { checkpoint } = JSON.parse(text) as { checkpoint?: { latest?: { resources?: { type: string; id?: string }[] } } };
  const objects = (checkpoint?.latest?.resources ?? []).filter(({ type, id }) => type.startsWith("kubernetes:") && id !== undefined);
  return new Set(objects.map(({ type, id }) => keyOf(type.split(":").at(-1)!.replace(/Patch$/, ""), id!)));
}

/** Whether an object of a stack in the cluster is one that its state does not know. Results that a teardown left are none of them. */
export function isUnsaved({ kind, namespace, name, owned }: Pick<Held, "kind" | "namespace" | "name" | "owned">, stack: string, saved: ReadonlySet<string>): boolean {
  const kept = resultsNamespaceOf(stack);
  if (owned || SHADOWS.includes(kind) || namespace === kept || (kind === "Namespace" && name === kept)) return false;
  return !saved.has(keyOf(kind, namespace === undefined ? name : `${namespace}/${name}`));
}

/**
 * Takes away what an update has made that was killed before its state was saved: the next one would make it a second time, its
 * runs too. Throws RunFailure when some of it is still there after five minutes, and ApiError when the cluster does not answer.
 */
export async function removeUnsaved(config: KubeConfig, stack: string, saved: ReadonlySet<string>, screen: Pick<Screen, "line">): Promise<void> {
  const client = ObjectClient.forConfig(config);
  const unsaved = async () => (await clusterInventory(config, stack)).left.filter((held) => isUnsaved(held, stack, saved));
  let left = await unsaved();
  screen.line(`the last update was killed before its state was saved; objects that it made, and that are removed now: ${left.length}`);
  const home = namespaceOf(stack);
  // With its namespace goes what is in it.
  const goesWithHome = left.some(({ kind, name }) => kind === "Namespace" && name === home);
  for (const held of left) if (!(goesWithHome && held.namespace === home)) await remove(client, held, stack);
  await releaseTaints(config, screen);
  for (const limit = Date.now() + WAIT_MINUTES * 60_000; left.length > 0; left = await unsaved()) {
    if (Date.now() > limit) throw new RunFailure(`Of an update that was killed there is still: ${left.map(({ kind, name }) => `${kind} ${name}`).join(", ")}. See what holds it up: kubectl describe`);
    await sleep(1000);
  }
}

async function remove(client: ObjectClient, { apiVersion, kind, namespace, name, borrowed }: Held, stack: string): Promise<void> {
  const target = { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
  const label = nodeLabelOf(stack).replace("/", "~1");
  const change = borrowed ? client.jsonPatch(target, [{ op: "remove", path: `/metadata/labels/${label}` }]) : client.remove(target, "Background");
  await change.catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  });
}
