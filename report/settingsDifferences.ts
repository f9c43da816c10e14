import type { SettingsDifference } from "./schema.ts";

/** What may differ: the reward is the question, and how many episodes are in flight decides only how long it takes. */
const MAY_DIFFER = /^(reward(\.|$)|rollout\.maxConcurrent$)/;

/** Leaves of a JSON value by their dotted path; a list is a leaf. */
function leaves(value: unknown, path = ""): [path: string, leaf: string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`));
}

/**
 * The settings other than the reward's that are not the same in all runs, by their dotted path. `settings` are those of
 * each run by its name; a setting that a run lacks is "absent".
 */
export function settingsDifferences(settings: ReadonlyMap<string, Record<string, unknown>>): SettingsDifference[] {
  const byRun = [...settings].map(([run, values]) => [run, new Map(leaves(values))] as const);
  const fields = [...new Set(byRun.flatMap(([, values]) => [...values.keys()]))].sort();
  return fields.filter((field) => !MAY_DIFFER.test(field)).flatMap((field): SettingsDifference[] => {
    const values = Object.fromEntries(byRun.map(([run, leavesOfRun]) => [run, leavesOfRun.get(field) ?? "absent"]));
    return new Set(Object.values(values)).size > 1 ? [{ field, values }] : [];
  });
}
