import { isMap, type PropertyMap, type PropertyValue } from "../protocol/propertyValues.ts";

/** A Kubernetes object as JSON: `apiVersion`, `kind`, `metadata` and whatever the kind has. */
export type Manifest = PropertyMap;

/** The value at a path, or undefined where a step is missing. */
export function at(value: PropertyValue | undefined, ...path: string[]): PropertyValue | undefined {
  let current = value;
  for (const step of path) current = isMap(current) ? current[step] : undefined;
  return current;
}

export function mapAt(value: PropertyValue | undefined, ...path: string[]): PropertyMap {
  const found = at(value, ...path);
  return isMap(found) ? found : {};
}

export function stringAt(value: PropertyValue | undefined, ...path: string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: PropertyValue | undefined, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function listAt(value: PropertyValue | undefined, ...path: string[]): PropertyValue[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export const apiVersionOf = (manifest: Manifest) => stringAt(manifest, "apiVersion") ?? "";
export const kindOf = (manifest: Manifest) => stringAt(manifest, "kind") ?? "";
export const nameOf = (manifest: Manifest) => stringAt(manifest, "metadata", "name");
export const namespaceOf = (manifest: Manifest) => stringAt(manifest, "metadata", "namespace");

/** `batch/v1/Job`, `v1/Secret`: the key of the tables of rules. */
export const typeOf = (manifest: Manifest) => `${apiVersionOf(manifest)}/${kindOf(manifest)}`;

export function annotation(manifest: Manifest, key: string): string | undefined {
  return stringAt(manifest, "metadata", "annotations", key);
}

/** The same object with these values in its metadata; a map among them is merged into the one that is there. */
export function withMetadata(manifest: Manifest, values: PropertyMap): Manifest {
  const metadata = { ...mapAt(manifest, "metadata") };
  for (const [key, value] of Object.entries(values)) {
    metadata[key] = isMap(value) ? { ...mapAt(metadata, key), ...value } : value;
  }
  return { ...manifest, metadata };
}

/** The resource id of the official provider: `namespace/name`, or the name alone for a cluster-wide object. */
export function objectId(manifest: Manifest): string {
  const namespace = namespaceOf(manifest);
  const name = nameOf(manifest) ?? "";
  return namespace ? `${namespace}/${name}` : name;
}

/** `Job rewardlab-local/outcome-1a2b`, for messages. */
export function describe(manifest: Manifest): string {
  return `${kindOf(manifest)} ${objectId(manifest)}`;
}
