import { isDeepStrictEqual } from "node:util";
import { isMap, isUnknown, type PropertyMap, type PropertyValue } from "../protocol/propertyValues.ts";
import type { DiffResponse, PropertyChange } from "../protocol/provider.ts";
import { isReplaced, splitPath } from "./replaceRules.ts";

type Changes = Map<string, PropertyChange>;

/**
 * What differs between two sets of inputs, by path, with the changes that need a new object marked. An unknown new value
 * counts as changed. What lies under an ignored path is left out.
 */
export function inputDiff(
  olds: PropertyMap,
  news: PropertyMap,
  rules: string[],
  ignoreChanges: string[] = [],
): DiffResponse["changes"] {
  const changes: Changes = new Map();
  compareMaps("", olds, news, changes);
  const ignored = ignoreChanges.map(splitPath);
  const kept = [...changes].filter(([path]) => !ignored.some((prefix) => startsWith(splitPath(path), prefix)));
  return new Map(kept.map(([path, change]) => [path, { change, replace: isReplaced(path, rules) }]));
}

function compareMaps(path: string, olds: PropertyMap, news: PropertyMap, changes: Changes): void {
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    compare(join(path, key), olds[key], news[key], changes);
  }
}

function compare(path: string, old: PropertyValue | undefined, now: PropertyValue | undefined, changes: Changes): void {
  if (old === undefined) changes.set(path, "add");
  else if (now === undefined) changes.set(path, "delete");
  else if (isUnknown(now)) changes.set(path, "update");
  else if (isMap(old) && isMap(now)) compareMaps(path, old, now, changes);
  else if (Array.isArray(old) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(old.length, now.length); index++) {
      compare(`${path}[${index}]`, old[index], now[index], changes);
    }
  } else if (!isDeepStrictEqual(old, now)) changes.set(path, "update");
}

/** The path in the engine's own syntax: a key with a dot, quote or bracket is quoted. */
function join(path: string, key: string): string {
  if (/[."[\]]/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path === "" ? key : `${path}.${key}`;
}

function startsWith(path: string[], prefix: string[]): boolean {
  return prefix.every((step, index) => step === "*" || step === path[index]);
}
