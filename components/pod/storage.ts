import { adapterClaimName, modelClaimName, namespaceOf } from "../names.ts";
import type { Model } from "./model.ts";
import { claimFolder, type Mounted, sharedNodeFolder } from "./volumes.ts";

/** Where a pair keeps files that both of its pods use: a folder of their node, or a claim of the pair's own. */
export type Storage = { kind: "node" } | { kind: "claim"; size: string; storageClass?: string | undefined };

/** A pair's storage. */
export interface PairStorage {
  stack: string;
  pair: string;
  /** Folder on the nodes for what is kept there. */
  hostRoot: string;
  adapters: Storage;
}

/** Where a pair's adapters are, in its server and in its trainer: the trainer gives the server paths in it. */
export const ADAPTER_PATH = "/adapters";

/** The adapters of a pair, which the trainer writes and the server reads. */
export function adapterFolder({ stack, pair, hostRoot, adapters }: PairStorage, readOnly: boolean): Mounted {
  return adapters.kind === "claim" ? claimFolder("adapters", adapterClaimName(pair), ADAPTER_PATH, readOnly)
    : sharedNodeFolder("adapters", `${hostRoot}/${namespaceOf(stack)}/${pair}`, ADAPTER_PATH, readOnly);
}

/** What both members write there: the hub's downloads, and what is compiled. On a node it is all pairs' and all stacks'. */
export function modelCache({ pair, hostRoot }: Pick<PairStorage, "pair" | "hostRoot">, cache: Storage, path: string): Mounted {
  return cache.kind === "claim" ? claimFolder("model-cache", modelClaimName(pair), path, false) : sharedNodeFolder("model-cache", `${hostRoot}/models`, path, false);
}

/**
 * The pod-security level that every pod of a stack meets. "restricted" admits no folder of a node (nor does "baseline"), and all pods
 * but a pair's meet it anyway.
 */
export function podSecurityLevel({ adapters, model }: { adapters: Storage; model: Pick<Model, "source" | "cache"> }): "restricted" | "privileged" {
  return adapters.kind === "claim" && model.source.kind === "hub" && model.cache.kind === "claim" ? "restricted" : "privileged";
}
