import { setTimeout as sleep } from "node:timers/promises";
import { ApiException } from "@kubernetes/client-node";
import type { Access } from "./access.ts";

/** A namespace goes when its pods have, and a cloud may take its time for a volume. */
const PATIENCE_MS = 300_000;

/** Whether there is such a namespace. Throws the API's error when it can't be asked. */
export async function hasNamespace({ core }: Access, name: string): Promise<boolean> {
  return (await core.readNamespace({ name }).catch(nullIfMissing)) !== null;
}

/**
 * Removes the namespace with a stack's results, and waits until it is gone with the volume of its claim, where that goes
 * with the claim. Throws an Error that says what it waits for.
 */
export async function removeResults({ core, namespace }: Access, signal: AbortSignal): Promise<void> {
  await core.deleteNamespace({ name: namespace }).catch(nullIfMissing);
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const left = await core.readNamespace({ name: namespace }).catch(nullIfMissing);
    const { items } = await core.listPersistentVolume();
    const volume = items.find(({ spec }) => spec?.claimRef?.namespace === namespace && spec.persistentVolumeReclaimPolicy === "Delete");
    if (left === null && volume === undefined) return;
    if (Date.now() > until) {
      const why = left?.status?.conditions?.filter(({ status }) => status === "True").map(({ message }) => message).join("; ");
      throw new Error(left === null ? `PersistentVolume ${volume!.metadata!.name} of namespace ${namespace} is still there` : `namespace ${namespace} is still there after ${PATIENCE_MS / 1000} s${why ? `: ${why}` : ""}`);
    }
    await sleep(500, undefined, { signal });
  }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiException && error.code === 404) return null;
  throw error;
}
