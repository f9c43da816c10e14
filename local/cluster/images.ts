import { ctr } from "./ctr.ts";
import { findHostPrograms, type HostPrograms } from "./hostPrograms.ts";
import { layout } from "./layout.ts";
import { PAUSE_IMAGE } from "./pauseImage.ts";

/** An image in the node's store: its manifest's digest and every name that leads to it. */
export interface StoredImage {
  digest: string;
  names: string[];
}

/** Images out of the table that `ctr images ls` prints: the name is the first column, the digest the third. */
export function parseImages(table: string): StoredImage[] {
  const rows = table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 3);
  const byDigest = Map.groupBy(rows, (columns) => columns[2]!);
  return [...byDigest].map(([digest, found]) => ({ digest, names: found.map((columns) => columns[0]!) }));
}

/** Images that none of these references name and that the node itself doesn't need. */
export function unusedImages(images: StoredImage[], keep: string[]): StoredImage[] {
  const kept = new Set([...keep, PAUSE_IMAGE]);
  return images.filter(({ names }) => !names.some((name) => kept.has(name)));
}

/** Images that pods name, and templates of pods: out of a list of pods, Jobs and Deployments as `kubectl get -o json` prints it. */
export function namedImages(list: string): string[] {
  const { items } = JSON.parse(list) as { items: { spec: PodSpec | { template: { spec: PodSpec } } }[] };
  const pods = items.map(({ spec }) => ("template" in spec ? spec.template.spec : spec));
  return [...new Set(pods.flatMap(({ containers, initContainers = [] }) => [...initContainers, ...containers]).map(({ image }) => image))];
}

interface PodSpec {
  containers: { image: string }[];
  initContainers?: { image: string }[];
}

/**
 * Removes the images that aren't in `keep` (references as pods name them) from the node's store in the cache, and their
 * layers as far as no kept image has them; resolves to the removed ones. The cluster must be up. The kubelet never does
 * this by itself, so each build of an image would stay in the cache for ever.
 */
export async function pruneImages(
  dirs: { cacheDir: string; stateDir: string },
  keep: string[],
): Promise<StoredImage[]> {
  const places = layout(dirs);
  const programs = findHostPrograms() as HostPrograms;
  const unused = unusedImages(parseImages(await ctr(places, programs, ["images", "ls"])), keep);
  const names = unused.flatMap((image) => image.names);
  if (names.length > 0) await ctr(places, programs, ["images", "rm", "--sync", ...names]);
  return unused;
}
