import { containsSecret, isMap, isSecret, type PropertyMap, secret } from "./propertyValues.ts";

/**
 * Marks what is secret among `outs`, given which of the inputs `ins` are.
 *
 * Maps are walked key by key, so that one secret leaf doesn't hide its siblings; an array with a secret anywhere in it
 * becomes secret as a whole, since the server may reorder it. `outs` must hold no wrappers yet; it isn't changed.
 */
export function markSecrets(outs: PropertyMap, ins: PropertyMap): PropertyMap {
  const marked: PropertyMap = { ...outs };
  for (const [key, input] of Object.entries(ins)) {
    const out = marked[key];
    if (out === undefined) continue;
    if (isMap(out) && isMap(input) && !isSecret(input)) marked[key] = markSecrets(out, input);
    else if (containsSecret(input)) marked[key] = secret(out);
  }
  return marked;
}
