/**
 * Property values as the Pulumi engine sends them: JSON in which a secret is an object with a signature and an unknown
 * value is one of a few fixed strings. The constants are Pulumi's wire format (sdk/go/common/resource/sig and
 * sdk/go/common/resource/plugin/rpc.go).
 */

export type PropertyValue = null | boolean | number | string | PropertyValue[] | PropertyMap;
export interface PropertyMap {
  [key: string]: PropertyValue;
}

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** An unknown string; the engine takes it back as "known after the update". */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export function isUnknown(value: PropertyValue | undefined): boolean {
  return typeof value === "string" && UNKNOWNS.has(value);
}

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: PropertyValue | undefined): value is PropertyMap {
  return isMap(value) && value[SIGNATURE_KEY] === SECRET_SIGNATURE;
}

/** Wraps a value so that the engine encrypts it in the state and masks it on the screen. */
export function secret(value: PropertyValue): PropertyValue {
  return isSecret(value) ? value : { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** The value with every secret wrapper taken off, at any depth. Unknown values stay as they are. */
export function plain<T extends PropertyValue>(value: T): T {
  return strip(value) as T;
}

function strip(value: PropertyValue): PropertyValue {
  if (isSecret(value)) return strip(value.value ?? null);
  if (Array.isArray(value)) return value.map(strip);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item)]));
  return value;
}

export function containsUnknown(value: PropertyValue | undefined): boolean {
  return some(value, isUnknown);
}

export function containsSecret(value: PropertyValue | undefined): boolean {
  return some(value, isSecret);
}

function some(value: PropertyValue | undefined, test: (value: PropertyValue) => boolean): boolean {
  if (value === undefined || value === null) return false;
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isMap(value) && Object.values(value).some((item) => some(item, test));
}
