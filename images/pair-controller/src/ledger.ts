import { z } from "zod";
import { podUsage, type PodUsage } from "./podUsage.ts";

/** The file of the ledger's ConfigMap, version 1: every pod that has held GPUs, those that are gone too. */
export const LEDGER_FILE = "pods.json";
const ledger = z.strictObject({ version: z.literal(1), pods: z.array(podUsage) });

/** Reads a ledger; a ConfigMap that nobody has written to yet has none. Throws for one that is not of this version. */
export function readLedger(data: Readonly<Record<string, string>> | undefined): PodUsage[] {
  const text = data?.[LEDGER_FILE];
  return text === undefined ? [] : ledger.parse(JSON.parse(text)).pods;
}

export const writeLedger = (pods: readonly PodUsage[]): Record<string, string> => ({ [LEDGER_FILE]: JSON.stringify({ version: 1, pods }) });

/**
 * The ledger after a look at the pods that there are; pure. The API forgets a pod that is deleted, so one that held GPUs and is
 * not there any more gave them back by `now`. A pod that was never placed held nothing and is not kept.
 */
export function keep(known: readonly PodUsage[], seen: readonly PodUsage[], now: Date): PodUsage[] {
  const names = new Set(seen.map(({ pod }) => pod));
  const gone = known.filter(({ pod }) => !names.has(pod)).map((row) => (row.to === null ? { ...row, to: now.toISOString() } : row));
  return [...gone, ...seen.filter(({ from }) => from !== null)];
}
