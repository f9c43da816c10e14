import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "./exit.ts";

/** Which cluster a stack is on. */
export interface ClusterRecord {
  /** UID of the namespace kube-system: no two clusters have the same one, and a cluster keeps it for good. */
  uid: string;
  /** The context's name when the stack was brought up. */
  context: string;
}

/**
 * What is kept of a stack on a cluster of the user's: its state, and which cluster that is. The record is written before the
 * first change and goes with the folder once nothing is left, so that it says whether the cluster may hold something.
 */
export class ContextState {
  readonly folder: string;
  readonly stack: string;

  constructor(stateDir: string, stack: string) {
    this.folder = join(allOf(stateDir), stack);
    this.stack = stack;
  }

  get engine(): string {
    return join(this.folder, "engine");
  }

  get backend(): string {
    return join(this.folder, "pulumi");
  }

  get passphrase(): string {
    return join(this.folder, "passphrase");
  }

  /** The cut-out kubeconfig that the providers read; the state names this path, and holds no credential. */
  get kubeconfig(): string {
    return join(this.folder, "kubeconfig");
  }

  /** Null when the stack is on no cluster. */
  get cluster(): ClusterRecord | null {
    return readRecord(this.folder);
  }

  /** Throws UserError when the stack is on another cluster than this one: it would go on there, unseen and maybe paid for. */
  demandSameCluster({ uid, context }: ClusterRecord): void {
    const known = this.cluster;
    if (known === null || known.uid === uid) return;
    throw new UserError([
      `Stack "${this.stack}" is on another cluster than context "${context}" names: it was brought up with context "${known.context}" (UID ${known.uid} of kube-system, here it is ${uid}).`,
      `Take it down there first: npm start -- --context ${known.context} --stack ${this.stack} --clean`,
      `If that cluster is gone for good, forget what was on it: rm -r ${this.folder}`,
    ].join("\n"));
  }

  /** Makes the folder, for its owner's eyes alone, with the kubeconfig of this moment. */
  prepare(kubeconfig: string): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.kubeconfig, kubeconfig, { mode: 0o600 });
  }

  record(cluster: ClusterRecord): void {
    writeFileSync(recordOf(this.folder), JSON.stringify(cluster));
  }

  /** Removes the folder of a stack that is on no cluster (any more). */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const allOf = (stateDir: string): string => join(stateDir, "contexts");
const recordOf = (folder: string): string => join(folder, "cluster.json");

function readRecord(folder: string): ClusterRecord | null {
  try {
    return JSON.parse(readFileSync(recordOf(folder), "utf8")) as ClusterRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Throws UserError when a stack is on a cluster of the user's: with its state, the way to take it down would go. */
export function demandNoneElsewhere(stateDir: string): void {
  const elsewhere = stacksOnContexts(stateDir);
  if (elsewhere.length === 0) return;
  throw new UserError(elsewhere.flatMap(({ stack, context, folder }) => [
    `Stack "${stack}" is up on context "${context}", and its state is among what would be removed; nothing was changed.`,
    `  Take it down first: npm start -- --context ${context} --stack ${stack} --clean. If that cluster is gone for good: rm -r ${folder}`,
  ]).join("\n"));
}

/** The stacks that are on clusters of the user's, with their contexts: their state must not be lost. */
export function stacksOnContexts(stateDir: string): { stack: string; context: string; folder: string }[] {
  let names: string[] = [];
  try {
    names = readdirSync(allOf(stateDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return names.flatMap((stack) => {
    const folder = join(allOf(stateDir), stack);
    const record = readRecord(folder);
    return record === null ? [] : [{ stack, context: record.context, folder }];
  });
}
