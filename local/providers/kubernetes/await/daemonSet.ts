import { type Manifest, numberAt } from "../manifest.ts";
import { READY, type Verdict, waiting } from "./verdict.ts";

/** A DaemonSet is ready when its controller has seen this generation and every node's pod is updated and available. */
export function daemonSetVerdict(set: Manifest): Verdict {
  const generation = numberAt(set, "metadata", "generation");
  const desired = numberAt(set, "status", "desiredNumberScheduled");
  if (numberAt(set, "status", "observedGeneration") !== generation || desired === undefined) {
    return waiting("the daemonset controller hasn't taken up the change yet");
  }
  const steps: [key: string, what: string][] = [
    ["currentNumberScheduled", "scheduled"],
    ["updatedNumberScheduled", "updated"],
    ["numberAvailable", "available"],
    ["numberReady", "ready"],
  ];
  for (const [key, what] of steps) {
    const count = numberAt(set, "status", key) ?? 0;
    if (count < desired) return waiting(`${count} of ${desired} pods ${what}`);
  }
  return READY;
}
