import { isTable, type Planned } from "./planned.ts";

/** A pod, or the template of pods, somewhere in an object. */
export interface Pod {
  /** Place of its spec in the object, for example spec.template.spec. */
  place: string;
  metadata: Record<string, any>;
  spec: Record<string, any>;
  /** How many of them the object wants at once. */
  count: number;
}

/** A container of a pod, of whichever list. */
export interface Container {
  place: string;
  init: boolean;
  container: Record<string, any>;
}

/**
 * Every pod spec in an object, whatever its kind: a Pod's own, a workload's template, or one deep in a custom resource.
 * A pod spec is a table with a list of containers.
 */
export function podsOf({ props }: Planned): Pod[] {
  return search(props, "", {}, 1);
}

function search(value: unknown, place: string, parent: Record<string, any>, count: number): Pod[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => search(each, `${place}[${index}]`, {}, count));
  if (!isTable(value)) return [];
  if (Array.isArray(value["containers"])) {
    return [{ place, spec: value, metadata: isTable(parent["metadata"]) ? parent["metadata"] : {}, count }];
  }
  const wanted = Number(value["replicas"] ?? value["parallelism"] ?? 1);
  return Object.entries(value).flatMap(([key, inner]) =>
    search(inner, place === "" ? key : `${place}.${key}`, value, Number.isFinite(wanted) ? count * wanted : count));
}

/** All containers of a pod: the main ones, those that run before, and those put in for a look. */
export function containersOf({ place, spec }: Pod): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    (Array.isArray(spec[list]) ? (spec[list] as unknown[]) : []).flatMap((container, index) =>
      (isTable(container) ? [{ place: `${place}.${list}[${index}]`, init: list === "initContainers", container }] : [])));
}
