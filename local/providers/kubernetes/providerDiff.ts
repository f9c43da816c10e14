import { isDeepStrictEqual } from "node:util";
import { isUnknown, plain, type PropertyMap } from "../protocol/propertyValues.ts";
import type { DiffResponse } from "../protocol/provider.ts";
import { inputDiff } from "./inputDiff.ts";

const LOCATION = ["kubeconfig", "context", "cluster"];

/**
 * What a change of the provider's own arguments means. Another `clusterIdentifier` is another cluster: everything in it
 * is replaced. With the same identifier nothing ever is, however the kubeconfig changes. Without one, a kubeconfig whose
 * active cluster differs, or isn't known yet, counts as another cluster.
 */
export async function providerDiff(olds: PropertyMap, news: PropertyMap): Promise<DiffResponse> {
  const [old, now] = [plain(olds), plain(news)];
  const changes = inputDiff(old, now, []);
  const identifiers = [old.clusterIdentifier, now.clusterIdentifier];
  const isSame = identifiers[0] !== undefined && isDeepStrictEqual(identifiers[0], identifiers[1]);
  const replaces = new Set<string>();
  if (identifiers[0] !== undefined && identifiers[1] !== undefined && !isSame) replaces.add("clusterIdentifier");
  if (!isSame && (await isOtherCluster(old, now))) LOCATION.forEach((key) => replaces.add(key));
  for (const [path, change] of changes) change.replace = replaces.has(path);
  return { changes, deleteBeforeReplace: false };
}

async function isOtherCluster(old: PropertyMap, now: PropertyMap): Promise<boolean> {
  if (LOCATION.some((key) => isUnknown(now[key]))) return true;
  // The Kubernetes client takes half a second to load, and most runs have an identifier and don't get here.
  const { activeCluster } = await import("./kubeconfig.ts");
  const [before, after] = [activeCluster(old), activeCluster(now)];
  return before !== undefined && after !== undefined && !isDeepStrictEqual(before, after);
}
