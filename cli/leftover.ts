import { nodeLabelOf, resultsNamespaceOf } from "../components/names.ts";

/** An object that a cluster still has of a stack. */
export interface Leftover {
  kind: string;
  /** As kubectl takes it: name of the resource, and its group. */
  resource: string;
  namespace?: string;
  name: string;
  finalizers: string[];
  /** It was deleted, and waits for its finalizers. */
  deleting: boolean;
  /** It was there before the stack, which only changed it. */
  borrowed: boolean;
}

/** `Kind namespace/name`, and what it waits for. */
export function leftoverText({ kind, namespace, name, finalizers, deleting }: Leftover): string {
  const waits = deleting && finalizers.length > 0 ? ` (deleted, and waits for ${finalizers.join(", ")})` : "";
  return `${kind} ${[namespace, name].filter(Boolean).join("/")}${waits}`;
}

/**
 * The command that removes it. One that is deleted already waits for its finalizers' controllers: if those are gone, only
 * taking the finalizers off ends the wait. A namespace ends its wait by itself when what is in it has gone.
 *
 * @param kubectl how the cluster is reached, for example `kubectl --context gpu`
 */
export function removalOf(left: Leftover, stack: string, kubectl: string): string {
  if (isResults(left, stack) && !left.deleting) return `rewardlab collect --stack ${stack}, which copies the results that are in it and then removes it`;
  const { resource, namespace, name, finalizers, deleting, borrowed } = left;
  const object = `${resource} ${name}${namespace === undefined ? "" : ` --namespace ${namespace}`}`;
  if (borrowed) return `${kubectl} label ${object} ${nodeLabelOf(stack)}-`;
  if (!deleting) return `${kubectl} delete ${object}`;
  if (finalizers.length === 0) return `${kubectl} wait --for=delete ${object} --timeout=5m`;
  return `${kubectl} patch ${object} --type=merge --patch='{"metadata":{"finalizers":null}}'`;
}

/** The namespace that a teardown leaves for `rewardlab collect`, with what is in it. */
const isResults = ({ namespace, name, kind }: Leftover, stack: string) => [namespace, ...(kind === "Namespace" ? [name] : [])].includes(resultsNamespaceOf(stack));

/** One line a leftover with its command: the things in a namespace before the namespace that waits for them. */
export function leftoverLines(left: readonly Leftover[], stack: string, kubectl: string): string[] {
  // Of the results, the namespace stands for all that is in it.
  const told = left.filter((each) => each.namespace === undefined || !isResults(each, stack) || each.deleting);
  const ordered = [...told].sort((a, b) => Number(a.namespace === undefined) - Number(b.namespace === undefined));
  return ordered.map((each) => `${leftoverText(each)}: ${removalOf(each, stack, kubectl)}`);
}
