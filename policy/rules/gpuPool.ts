import { ANNOTATION } from "../../components/names.ts";
import { gpuCount } from "../gpus.ts";
import type { Planned, StackRule } from "../planned.ts";
import { containersOf, podsOf } from "../pods.ts";

const gpusOf = (object: Planned) => podsOf(object).reduce((sum, pod) =>
  sum + pod.count * containersOf(pod).filter(({ init }) => !init).reduce((gpus, container) => gpus + gpuCount(container), 0), 0);

/** The size of the pool stands on the stack's Namespace, where the program writes it from the settings. */
export const gpuPool: StackRule = {
  name: "gpus-fit-the-pool",
  description: "All pods of the stack together ask for no more GPUs than its pool has.",
  remedy: "Raise gpu.nodeCount, or put more experiments on a pair with placement.",
  check: (objects) => {
    const namespaces = objects.filter(({ type }) => type === "kubernetes:core/v1:Namespace");
    const limits = namespaces.map(({ props }) => Number(props["metadata"]?.annotations?.[ANNOTATION.gpuLimit])).filter((limit) => Number.isFinite(limit));
    const users = objects.filter((object) => gpusOf(object) > 0);
    const [first] = users;
    if (first === undefined) return [];
    if (limits.length === 0) return [{ object: first, what: `asks for GPUs, and no Namespace of the stack says in ${ANNOTATION.gpuLimit} how many there are` }];
    const [asked, most] = [users.reduce((sum, object) => sum + gpusOf(object), 0), Math.max(...limits)];
    if (asked <= most) return [];
    return [{ object: users.at(-1)!, what: `is one of ${users.length} objects that ask for ${asked} GPUs together; the pool has ${most}` }];
  },
};
