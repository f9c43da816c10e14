import { isDeepStrictEqual } from "node:util";
import { isMap, type PropertyMap, type PropertyValue } from "../protocol/propertyValues.ts";

/**
 * The inputs as the cluster has them now, for a refresh. A field that somebody changed since the last run takes its live
 * value (one that somebody removed goes), so that the next update puts the program's value back. A field that the server
 * merely stores in another form (`0.5` as `500m`) or doesn't store at all has not drifted and stays as it was written.
 *
 * `before` is the object as the last run saw it, `live` the object now.
 */
export function driftedInputs(inputs: PropertyMap, before: PropertyMap, live: PropertyMap): PropertyMap {
  const result: PropertyMap = {};
  for (const [key, input] of Object.entries(inputs)) {
    const value = drifted(input, before[key], live[key]);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function drifted(
  input: PropertyValue,
  before: PropertyValue | undefined,
  live: PropertyValue | undefined,
): PropertyValue | undefined {
  if (isDeepStrictEqual(before, live)) return input;
  if (isMap(input) && isMap(live)) return driftedInputs(input, isMap(before) ? before : {}, live);
  if (Array.isArray(input) && Array.isArray(live)) {
    const old = Array.isArray(before) ? before : [];
    const same = input.slice(0, live.length).map((item, index) => drifted(item, old[index], live[index]) ?? item);
    return old.length === live.length ? same : [...same, ...live.slice(input.length)];
  }
  return live;
}
