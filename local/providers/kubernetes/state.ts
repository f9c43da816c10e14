import { markSecrets } from "../protocol/secretness.ts";
import { isMap, plain, type PropertyMap, secret } from "../protocol/propertyValues.ts";
import { type Manifest, mapAt, stringAt, typeOf } from "./manifest.ts";

/** Keys of the state that are no fields of the object; the names are the official provider's. */
const INPUTS = "__inputs";
const FIELD_MANAGER = "__fieldManager";
const INITIAL_API_VERSION = "__initialApiVersion";

export interface ObjectState {
  /** The inputs that were last applied. */
  inputs: Manifest;
  /** The object as the server last returned it. */
  live: Manifest;
  /** Whose name our fields carry at the server. */
  fieldManager: string;
  initialApiVersion: string;
}

/**
 * The state as the engine stores it: what was secret in `from` is secret in it, and a Secret's data always is. Without the record
 * of who owns which field, which updates read at the server: engine and program would carry it along with every output
 * (pulumi/pulumi-kubernetes#1372).
 */
export function recordState(state: ObjectState, from: PropertyMap): PropertyMap {
  return {
    ...markManifest(withoutManagedFields(state.live), from),
    [INPUTS]: markManifest(state.inputs, from),
    [FIELD_MANAGER]: state.fieldManager,
    [INITIAL_API_VERSION]: state.initialApiVersion,
  };
}

export function parseState(recorded: PropertyMap): ObjectState {
  const { [INPUTS]: inputs, [FIELD_MANAGER]: manager, [INITIAL_API_VERSION]: version, ...live } = plain(recorded);
  return {
    inputs: isMap(inputs) ? inputs : {},
    live,
    fieldManager: typeof manager === "string" ? manager : "",
    initialApiVersion: typeof version === "string" ? version : (stringAt(live, "apiVersion") ?? ""),
  };
}

function withoutManagedFields(live: Manifest): Manifest {
  const { managedFields: _, ...metadata } = mapAt(live, "metadata");
  return live.metadata === undefined ? live : { ...live, metadata };
}

/** A plain object with the secrets of `from` marked in it. */
export function markManifest(manifest: Manifest, from: PropertyMap): PropertyMap {
  if (typeOf(manifest) !== "v1/Secret") return markSecrets(manifest, from);
  const marked: PropertyMap = { ...markSecrets(manifest, from) };
  for (const key of ["data", "stringData"]) {
    if (marked[key] !== undefined) marked[key] = secret(mapAt(manifest, key));
  }
  return marked;
}
