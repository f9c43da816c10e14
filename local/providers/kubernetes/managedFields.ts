import { isMap, type PropertyMap, type PropertyValue } from "../protocol/propertyValues.ts";
import { listAt, type Manifest, mapAt, stringAt } from "./manifest.ts";

/** The manager of a create, which is no apply; the first update takes its fields over. The name is the official one's. */
export const CREATE_MANAGER = "pulumi-kubernetes";

/** Managers whose fields are ours by right: our own creates, and what `kubectl apply` left behind. */
const ADOPTED: [manager: string, operation: string][] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  [CREATE_MANAGER, "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

/**
 * The `managedFields` of an object after `fieldManager` has taken over what `ADOPTED` own, or undefined when there's
 * nothing to take. Without this, the first apply after a create couldn't remove a field: its owner would be another.
 */
export function adoptFields(live: Manifest, fieldManager: string): PropertyValue[] | undefined {
  const entries = listAt(live, "metadata", "managedFields").filter(isMap);
  const isOurs = (entry: PropertyMap) =>
    stringAt(entry, "manager") === fieldManager && stringAt(entry, "operation") === "Apply";
  const isAdopted = (entry: PropertyMap) =>
    entry.subresource === undefined &&
    ADOPTED.some(([manager, operation]) => entry.manager === manager && entry.operation === operation);
  const adopted = entries.filter((entry) => isAdopted(entry) && !isOurs(entry));
  if (adopted.length === 0) return undefined;
  const ours = entries.filter(isOurs);
  const fieldsV1 = [...ours, ...adopted].map((entry) => mapAt(entry, "fieldsV1")).reduce(union, {});
  const merged = { ...(ours[0] ?? adopted[0]!), manager: fieldManager, operation: "Apply", fieldsV1 };
  return [...entries.filter((entry) => !ours.includes(entry) && !adopted.includes(entry)), merged];
}

/** True while the object still carries fields that `adoptFields` would move. */
export function hasAdoptable(live: Manifest, fieldManager: string): boolean {
  return adoptFields(live, fieldManager) !== undefined;
}

/** The union of two field sets, which are nested maps with empty maps as leaves. */
function union(a: PropertyMap, b: PropertyMap): PropertyMap {
  const result = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = result[key];
    result[key] = isMap(before) && isMap(value) ? union(before, value) : value;
  }
  return result;
}
