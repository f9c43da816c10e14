import { isDeepStrictEqual } from "node:util";
import { isMap, plain, type PropertyMap } from "../protocol/propertyValues.ts";
import type { DiffResponse } from "../protocol/provider.ts";

/** Where the state keeps the inputs that an image was built from; the name is the official provider's. */
export const INPUTS = "__inputs";

/**
 * What changed since an image was built, by input. Anything means another build, never another resource. New credentials
 * for the registry are no change: they may be made anew at every run.
 */
export function diffImage(state: PropertyMap, news: PropertyMap): DiffResponse["changes"] {
  const recorded = plain(state)[INPUTS];
  const olds = withoutCredentials(isMap(recorded) ? recorded : {});
  const now = withoutCredentials(plain(news));
  const changes: DiffResponse["changes"] = new Map();
  for (const key of new Set([...Object.keys(olds), ...Object.keys(now)])) {
    const [old, value] = [olds[key], now[key]];
    if (isDeepStrictEqual(old, value)) continue;
    const change = old === undefined ? "add" : value === undefined ? "delete" : "update";
    changes.set(key, { change, replace: false });
  }
  return changes;
}

function withoutCredentials(inputs: PropertyMap): PropertyMap {
  if (!isMap(inputs.registry)) return inputs;
  const { username: _, password: __, ...registry } = inputs.registry;
  return { ...inputs, registry };
}
