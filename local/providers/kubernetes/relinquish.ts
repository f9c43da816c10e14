import { ApiError, isNotFound } from "./apiError.ts";
import type { ObjectClient } from "./client.ts";
import { apiVersionOf, describe, kindOf, type Manifest, nameOf, namespaceOf } from "./manifest.ts";

/**
 * Gives up every field that `fieldManager` owns: those that nobody else owns go back to what the server defaults them to.
 * An object that is gone is fine. Throws when a field without which the object isn't valid would go.
 */
export async function relinquish(objects: ObjectClient, target: Manifest, fieldManager: string): Promise<void> {
  const namespace = namespaceOf(target);
  const bare: Manifest = {
    apiVersion: apiVersionOf(target),
    kind: kindOf(target),
    metadata: { name: nameOf(target)!, ...(namespace ? { namespace } : {}) },
  };
  try {
    // An apply to an object that is gone would create it.
    await objects.get(bare);
    await objects.apply(bare, { fieldManager, dryRun: false, force: false });
  } catch (error) {
    if (isNotFound(error)) return;
    const required = error instanceof ApiError && error.causes.find(({ reason }) => reason === "FieldValueRequired");
    if (!required) throw error;
    throw new Error(
      `the patch of ${describe(target)} owns the required field ${required.field}, so it can't be taken back. Set ` +
        "retainOnDelete on this resource, or let something else own the field first.",
      { cause: error },
    );
  }
}
