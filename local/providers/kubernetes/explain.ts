import { ApiError, isAlreadyExists, isConflict, isForbidden, isNamespaceNotFound, isUnreachable } from "./apiError.ts";
import { describe, type Manifest, namespaceOf } from "./manifest.ts";

/** An error for the user: what couldn't be done to which object, what the server said, and what to do about it. */
export function explain(action: "created" | "updated" | "deleted" | "read", manifest: Manifest, error: unknown): Error {
  const said = error instanceof Error ? error.message : String(error);
  const remedy = remedyFor(manifest, error);
  return new Error(`${describe(manifest)} can't be ${action}: ${said}${remedy ? `\n${remedy}` : ""}`, { cause: error });
}

function remedyFor(manifest: Manifest, error: unknown): string | undefined {
  if (isUnreachable(error)) return "Is the cluster up, and is its address right in the kubeconfig?";
  if (isForbidden(error)) return "The kubeconfig's user lacks the right; bind a role that allows it.";
  if (isNamespaceNotFound(error)) {
    return `Create the namespace ${namespaceOf(manifest)} first, and refer to its metadata.name so that Pulumi waits for it.`;
  }
  if (isAlreadyExists(error)) {
    return (
      "Something else made an object of this name. Delete it, leave metadata.name out so that a free name is chosen, " +
      "take it over with `pulumi import`, or set upsertExistingObjects on the provider to apply onto it."
    );
  }
  if (isConflict(error)) {
    return (
      "Another manager owns these fields. Leave them out here, or set the annotation pulumi.com/patchForce to " +
      '"true" on this object to take them over.'
    );
  }
  if (error instanceof ApiError && error.causes.length > 0) {
    return `Correct: ${error.causes.map(({ field, message }) => (field ? `${field} (${message})` : message)).join("; ")}`;
  }
  return undefined;
}
