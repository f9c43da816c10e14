import { type Manifest, numberAt, stringAt } from "../manifest.ts";
import { READY, type Verdict, waiting } from "./verdict.ts";

/**
 * A StatefulSet is ready when its controller has seen this generation, all replicas are there and ready and, with
 * rolling updates or at the first generation, all are of the present revision.
 */
export function statefulSetVerdict(set: Manifest): Verdict {
  const generation = numberAt(set, "metadata", "generation") ?? 0;
  if ((numberAt(set, "status", "observedGeneration") ?? -1) < generation) {
    return waiting("the statefulset controller hasn't taken up the change yet");
  }
  const wanted = numberAt(set, "spec", "replicas") ?? 1;
  const count = (key: string) => numberAt(set, "status", key) ?? 0;
  if (count("replicas") !== wanted || count("readyReplicas") !== wanted) {
    return waiting(`${count("readyReplicas")} of ${wanted} pods ready`);
  }
  const onDelete = stringAt(set, "spec", "updateStrategy", "type") === "OnDelete";
  if (onDelete && generation > 1) return READY;
  if (count("currentReplicas") !== wanted) return waiting(`${count("currentReplicas")} of ${wanted} pods current`);
  const current = stringAt(set, "status", "currentRevision");
  return current === stringAt(set, "status", "updateRevision") ? READY : waiting("old pods are being replaced");
}
