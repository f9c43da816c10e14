import { LABEL } from "../../components/names.ts";
import { isTable, type Planned, type StackRule } from "../planned.ts";
import { podsOf } from "../pods.ts";

const ENFORCE = "pod-security.kubernetes.io/enforce";

/** Kinds whose pods mount a folder of the node, which no level below "privileged" admits. */
const usesNode = (object: Planned) => podsOf(object).some(({ spec, metadata }) =>
  metadata["labels"]?.[LABEL.part] !== undefined && Array.isArray(spec["volumes"]) && (spec["volumes"] as unknown[]).some((volume) => isTable(volume) && volume["hostPath"] !== undefined));

/** The API server keeps pods to their namespace's level, so a level that is too high is a way in for others, and one too low keeps pods out. */
export const enforcedLevel: StackRule = {
  name: "namespace-enforces-its-pods-level",
  description: `The stack's Namespace enforces the pod-security level "restricted", or "privileged" where a pod mounts a folder of its node.`,
  remedy: "Give the Namespace podSecurityLevel() of components/pod/storage.ts.",
  check: (objects) => {
    const namespaces = objects.filter(({ type }) => type === "kubernetes:core/v1:Namespace");
    return namespaces.flatMap((object) => {
      const level: unknown = object.props["metadata"]?.labels?.[ENFORCE] ?? "none";
      // A stack may have two, one of its results: its pods are in one of them, in which of them a preview may not know yet.
      const placed = objects.filter(usesNode).map((user) => ({ user, at: user.props["metadata"]?.namespace as unknown }));
      const onNode = placed.filter(({ at }) => at === object.props["metadata"]?.name || (typeof at !== "string" && namespaces.length === 1)).map(({ user }) => user);
      const unclear = onNode.length === 0 && placed.some(({ at }) => typeof at !== "string") && namespaces.length > 1;
      const wanted = onNode.length > 0 ? "privileged" : "restricted";
      if (level === wanted || (unclear && level === "privileged")) return [];
      const why = onNode.length > 0 ? `${onNode.length} objects have pods that mount a folder of their node, ${onNode[0]!.name} for one` : "no pod mounts a folder of its node";
      return [{ object, what: `enforces the level ${String(level)}, and ${why}` }];
    });
  },
};
