import { annotation, type Manifest, stringAt, typeOf } from "./manifest.ts";

/** The annotations by which a program steers the provider (provider/pkg/metadata/annotations.go). */
export const AUTONAMED = "pulumi.com/autonamed";
export const SKIP_AWAIT = "pulumi.com/skipAwait";
export const TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds";
export const PATCH_FORCE = "pulumi.com/patchForce";
export const PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager";
export const DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy";

/** What the official provider knows and this one doesn't: refused in `check`, since ignoring them would change a program. */
export const UNSUPPORTED = ["pulumi.com/waitFor", "pulumi.com/replaceUnready"];

const DEFAULT_TIMEOUT_SECONDS = 600;

export function isTrue(manifest: Manifest, key: string): boolean {
  return annotation(manifest, key) === "true";
}

/** How long to wait: `customTimeouts` goes before the annotation, and without either it's ten minutes. */
export function timeoutSeconds(customTimeout: number, inputs: Manifest): number {
  if (customTimeout > 0) return customTimeout;
  const text = annotation(inputs, TIMEOUT_SECONDS);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : DEFAULT_TIMEOUT_SECONDS;
}

export function deletionPropagation(inputs: Manifest): "Foreground" | "Background" | "Orphan" {
  switch (annotation(inputs, DELETION_PROPAGATION)?.toLowerCase()) {
    case "orphan":
      return "Orphan";
    case "background":
      return "Background";
    default:
      return "Foreground";
  }
}

/** Kinds whose deletion isn't awaited either when the program says `skipAwait`; every other kind's is. */
const SKIPS_DELETE_WAIT = new Set([
  "v1/Namespace",
  "v1/Pod",
  "v1/ReplicationController",
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
]);

export function skipsDeleteWait(inputs: Manifest): boolean {
  return isTrue(inputs, SKIP_AWAIT) && SKIPS_DELETE_WAIT.has(typeOf(inputs));
}

/** True for a `…Patch` resource, which owns some fields of an object that something else made. */
export function isPatch(type: string, inputs: Manifest): boolean {
  return type.split(":").at(-1) === `${stringAt(inputs, "kind")}Patch`;
}
