import { annotation, at, type Manifest, numberAt, stringAt } from "../manifest.ts";
import { condition, conditionText, isConditionTrue } from "./conditions.ts";
import { failed, READY, type Verdict, waiting } from "./verdict.ts";

const REVISION = "deployment.kubernetes.io/revision";

/**
 * A Deployment is ready when its controller has seen this generation, it's Available, the ReplicaSet of its present
 * revision has all the pods that are wanted, updated and ready, and, after the first rollout, the controller calls that ReplicaSet available.
 *
 * It has failed when Progressing is False (the progress deadline has passed, or pods can't be created).
 * `replicaSets` are those that the Deployment owns.
 */
export function deploymentVerdict(deployment: Manifest, replicaSets: Manifest[]): Verdict {
  const generation = numberAt(deployment, "metadata", "generation");
  if (numberAt(deployment, "status", "observedGeneration") !== generation) {
    return waiting("the deployment controller hasn't taken up the change yet");
  }
  const progressing = condition(deployment, "Progressing");
  if (progressing?.status === "False") return failed(conditionText(progressing));
  const refused = condition(deployment, "ReplicaFailure");
  if (refused?.status === "True") return failed(conditionText(refused));

  const revision = annotation(deployment, REVISION);
  const current = replicaSets.find((set) => revision !== undefined && annotation(set, REVISION) === revision);
  if (!current) return waiting("no ReplicaSet for this revision yet");
  const wanted = numberAt(deployment, "spec", "replicas") ?? 1;
  const updated = numberAt(deployment, "status", "updatedReplicas") ?? 0;
  // With the strategy Recreate the controller scales the old ReplicaSet down before it makes the new one: for a moment
  // revision, conditions and ReplicaSet are all still those of the old rollout, and only this count tells.
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods updated`);
  const ready = numberAt(current, "status", "readyReplicas") ?? 0;
  if (ready < wanted) return waiting(`${ready} of ${wanted} pods ready`);
  if (!isConditionTrue(deployment, "Available")) {
    const available = condition(deployment, "Available");
    return waiting(available ? conditionText(available) : "not available yet");
  }
  const isRollout = revision !== "1";
  if (isRollout && progressing?.reason !== "NewReplicaSetAvailable") return waiting("old pods are being replaced");
  return READY;
}

/** The ReplicaSet's or the pod's owner is this object. */
export function isOwnedBy(child: Manifest, owner: Manifest): boolean {
  const owners = at(child, "metadata", "ownerReferences");
  const uid = stringAt(owner, "metadata", "uid");
  return Array.isArray(owners) && owners.some((reference) => stringAt(reference, "uid") === uid);
}
