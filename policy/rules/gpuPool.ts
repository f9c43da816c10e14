import { KUEUE } from "../../components/kueue.ts";
import { ANNOTATION, TURN_GATE } from "../../components/names.ts";
import { gpuCount } from "../gpus.ts";
import { isTable, type Planned, type StackRule } from "../planned.ts";
import { containersOf, type Pod, podsOf } from "../pods.ts";

/** Pods at our gate, or at Kueue's, are let through one pair at a time, when there is room: they ask for no GPU yet. */
const atGate = ({ spec, metadata }: Pod) => metadata["labels"]?.[KUEUE.labels.queue] !== undefined
  || (Array.isArray(spec["schedulingGates"]) && spec["schedulingGates"].some((gate) => isTable(gate) && gate["name"] === TURN_GATE));

const gpusOf = (object: Planned) => podsOf(object).filter((pod) => !atGate(pod)).reduce((sum, pod) =>
  sum + pod.count * containersOf(pod).filter(({ init }) => !init).reduce((gpus, container) => gpus + gpuCount(container), 0), 0);

/** The size of the pool stands on the stack's Namespace, where the program writes it from the settings. */
export const gpuPool: StackRule = {
  name: "gpus-fit-the-pool",
  description: "All pods of the stack together, but for those that wait for their turn, ask for no more GPUs than its pool has.",
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
