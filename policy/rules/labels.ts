import { LABEL, nodeLabelOf, PROJECT } from "../../components/names.ts";
import { isInCluster, isPatch, isTable, type Planned, type Rule, UNKNOWN } from "../planned.ts";
import { podsOf } from "../pods.ts";

/** A table to look into; what is not known yet is looked at as an empty one. */
const known = (value: unknown): Record<string, unknown> => (isTable(value) ? value : {});

/** By these labels everything of a stack is found, and what a teardown left is told from what is somebody else's. */
export const labels: Rule = {
  name: "owner-and-stack-labels",
  description: `Every object and every pod carries its owner (${LABEL.managedBy}) and its stack (${LABEL.stack}); a patched node, a label of the stack's own.`,
  remedy: "Give it labelsOf({ stack, … }) of components/names.ts.",
  check: (object) => {
    if (!isInCluster(object)) return [];
    if (isPatch(object)) return patchProblems(object);
    const pods = podsOf(object).filter(({ place }) => place !== "spec");
    return [
      ...problems("metadata", object.props["metadata"]),
      ...pods.flatMap(({ place, metadata }) => problems(`${place.replace(/\.?spec$/, "")}.metadata`, metadata)),
    ];
  },
};

function problems(place: string, metadata: unknown): string[] {
  if (metadata === UNKNOWN || known(metadata)["labels"] === UNKNOWN) return [];
  const given = known(known(metadata)["labels"]);
  const missing = [
    ...(given[LABEL.managedBy] === PROJECT || given[LABEL.managedBy] === UNKNOWN ? [] : [`${LABEL.managedBy}: ${PROJECT}`]),
    ...(given[LABEL.stack] === UNKNOWN || (typeof given[LABEL.stack] === "string" && given[LABEL.stack] !== "") ? [] : [LABEL.stack]),
  ];
  return missing.length === 0 ? [] : [`${place}.labels lacks ${missing.join(" and ")}`];
}

/** A node may serve two stacks, so its label has the stack in its key, where two do not clash. */
function patchProblems({ props }: Planned): string[] {
  const names = Object.keys(known(known(props["metadata"])["labels"]));
  const prefix = nodeLabelOf("");
  return names.some((name) => name.startsWith(prefix) && name.length > prefix.length) ? [] : [`metadata.labels lacks ${prefix}STACK`];
}
