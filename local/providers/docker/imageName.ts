export interface ImageName {
  /** `127.0.0.1:5000`, `ghcr.io`. */
  registry: string;
  /** With the registry, without tag or digest: what a digest is appended to. */
  repository: string;
  tag: string;
}

/**
 * The parts of a fully qualified image name. Undefined when it names no registry: a name without one can't be pushed, since
 * nobody said where to.
 */
export function parseImageName(name: string): ImageName | undefined {
  const [unpinned = ""] = name.split("@");
  const slash = unpinned.indexOf("/");
  const registry = unpinned.slice(0, Math.max(slash, 0));
  if (!/[.:]/.test(registry) && registry !== "localhost") return undefined;
  const colon = unpinned.lastIndexOf(":");
  const hasTag = colon > slash;
  return {
    registry,
    repository: hasTag ? unpinned.slice(0, colon) : unpinned,
    tag: hasTag ? unpinned.slice(colon + 1) : "latest",
  };
}

/** `127.0.0.1:5000/rewardlab/runner@sha256:…`. */
export function withDigest(name: ImageName, digest: string): string {
  return `${name.repository}@${digest}`;
}

/** A registry on this machine. */
export function isLoopback(registry: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(registry);
}
