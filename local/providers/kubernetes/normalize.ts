import { isMap, isUnknown, type PropertyMap, type PropertyValue } from "../protocol/propertyValues.ts";
import { type Manifest, mapAt, typeOf } from "./manifest.ts";

/** Metadata that the server writes and that is no input, even if a program passes it on from another object. */
const READ_ONLY_METADATA = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

/**
 * Inputs in the one form that is compared and sent: without nulls, without server-side metadata, and with a Secret's
 * `stringData` moved into `data`, as the server does it.
 */
export function normalize(inputs: Manifest): Manifest {
  const result = withoutNulls(inputs) as Manifest;
  if (isMap(result.metadata)) {
    const metadata = { ...result.metadata };
    for (const key of READ_ONLY_METADATA) delete metadata[key];
    result.metadata = metadata;
  }
  return typeOf(result) === "v1/Secret" ? encodeStringData(result) : result;
}

function withoutNulls(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}

function encodeStringData(manifest: Manifest): Manifest {
  if (!isMap(manifest.stringData)) return manifest;
  const { stringData, ...rest } = manifest;
  const data: PropertyMap = { ...mapAt(rest, "data") };
  for (const [key, value] of Object.entries(stringData as PropertyMap)) {
    data[key] = isUnknown(value) ? value : Buffer.from(String(value)).toString("base64");
  }
  return Object.keys(data).length > 0 ? { ...rest, data } : rest;
}
