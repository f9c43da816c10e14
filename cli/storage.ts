import { ApiException, CoreV1Api, type KubeConfig, StorageV1Api, type V1PersistentVolume, type V1StorageClass } from "@kubernetes/client-node";
import { resultsNamespaceOf } from "../components/names.ts";
import type { ResultsSettings } from "../components/settings/results.ts";

/** Marks the class that claims without one get (Kubernetes documentation, "Storage Classes"). */
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** Why the claim of a stack's results would never be bound, for a person; null when it can be. Pure. */
export function claimProblem(classes: readonly V1StorageClass[], volumes: readonly V1PersistentVolume[], { storageClass }: { storageClass?: string | undefined }, namespace: string): string | null {
  const names = classes.map(({ metadata }) => metadata!.name!);
  const isFree = ({ spec, status }: V1PersistentVolume) => (spec?.storageClassName ?? "") === (storageClass ?? "") && (status?.phase === "Available" || spec?.claimRef?.namespace === namespace);
  if (storageClass !== undefined && names.includes(storageClass)) return null;
  if (storageClass === undefined && classes.some(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === "true")) return null;
  if (volumes.some(isFree)) return null;
  const lacks = storageClass === undefined ? "the cluster has no default storage class" : `the cluster has no storage class ${storageClass}`;
  return `results are kept on a claim, but ${lacks} and no free volume for it; its classes: ${names.join(", ") || "none"}. Name one by results.storageClass, or keep results in a bucket (results.kind: s3)`;
}

/** The same, asked of a cluster; null too where this user may not look. Throws the API's other errors. */
export async function storageProblem(config: KubeConfig, results: ResultsSettings | undefined, stack: string): Promise<string | null> {
  if (results?.kind !== "claim") return null;
  try {
    const [classes, volumes] = await Promise.all([config.makeApiClient(StorageV1Api).listStorageClass(), config.makeApiClient(CoreV1Api).listPersistentVolume()]);
    return claimProblem(classes.items, volumes.items, results, resultsNamespaceOf(stack));
  } catch (error) {
    if (error instanceof ApiException && error.code === 403) return null;
    throw error;
  }
}
