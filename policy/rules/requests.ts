import { isTable, type Rule, UNKNOWN } from "../planned.ts";
import { containersOf, podsOf } from "../pods.ts";

/** Without requests the scheduler puts pods on nodes that cannot hold them, and the node kills whichever it likes. */
export const requests: Rule = {
  name: "requests-on-every-container",
  description: "Every container requests cores and memory, and has a limit of memory.",
  remedy: "Write resources with cpu and memory for it in the stack file.",
  check: (object) => podsOf(object).flatMap(containersOf).flatMap(({ place, container }) => {
    const resources: unknown = container["resources"] ?? {};
    if (!isTable(resources)) return [];
    const missing = [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]].filter(([list, name]) => {
      const quantities: unknown = resources[list!] ?? {};
      return quantities !== UNKNOWN && (quantities as Record<string, unknown>)[name!] === undefined;
    });
    return missing.length === 0 ? [] : [`${place} lacks ${missing.map((path) => `resources.${path.join(".")}`).join(", ")}`];
  }),
};
