import { isLoopback, parseImageName } from "./imageName.ts";

/** What a registry must accept to be asked for any kind of manifest. */
const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
].join(", ");

/**
 * Whether a registry on this machine has lost an image that was pushed to it (`name@sha256:…`): it was emptied while the
 * state was kept. False for any other registry, and when there's no clear answer.
 */
export async function isLost(repoDigest: string): Promise<boolean> {
  const [name = "", digest] = repoDigest.split("@");
  const parsed = parseImageName(name);
  if (!parsed || digest === undefined || !isLoopback(parsed.registry)) return false;
  const path = parsed.repository.slice(parsed.registry.length + 1);
  const url = `http://${parsed.registry}/v2/${path}/manifests/${digest}`;
  const options = { method: "HEAD", headers: { Accept: MANIFESTS }, signal: AbortSignal.timeout(5000) };
  return fetch(url, options).then(
    ({ status }) => status === 404,
    () => false,
  );
}
