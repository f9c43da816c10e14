import { containsUnknown } from "../protocol/propertyValues.ts";
import { isAlreadyExists, isForbidden, isImmutable, isNamespaceNotFound, isNotFound } from "./apiError.ts";
import type { Connection } from "./connection.ts";
import type { Manifest } from "./manifest.ts";
import type { ObjectState } from "./state.ts";

/** Whether the server can be asked what it would do: it answers, and every value is known. */
export function canPreview(connection: Connection, inputs: Manifest): boolean {
  return connection.cluster !== undefined && !containsUnknown(inputs);
}

/**
 * Refusals of a dry run that say nothing about the real one: the namespace or the kind is created by the same update, the
 * old object of this name is deleted first, or the user may not do dry runs. The preview then shows the inputs.
 */
export function previewFallsBack(error: unknown): boolean {
  return [isNotFound, isNamespaceNotFound, isAlreadyExists, isImmutable, isForbidden].some((test) => test(error));
}

/** A dry run's answer without its status: it's that of no real object. */
export function withoutStatus(state: ObjectState): ObjectState {
  const { status: _, ...live } = state.live;
  return { ...state, live };
}
