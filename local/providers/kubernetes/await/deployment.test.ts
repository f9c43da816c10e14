import { describe, expect, test } from "vitest";
import { deploymentVerdict } from "./deployment.ts";

const deployment = ({ revision = "1", observed = 1, conditions = [] as any[], updated = 1, replicas = 1 } = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", generation: 1, uid: "d", annotations: { "deployment.kubernetes.io/revision": revision } },
  spec: { replicas },
  status: { observedGeneration: observed, conditions, updatedReplicas: updated },
});
const replicaSet = (revision: string, ready: number, replicas = 1) => ({
  kind: "ReplicaSet",
  metadata: { annotations: { "deployment.kubernetes.io/revision": revision } },
  spec: { replicas },
  status: { readyReplicas: ready },
});
const available = { type: "Available", status: "True" };
const rolledOut = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" };
const stuck = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "timed out" };

test("a Deployment is ready when it's available and its ReplicaSet has all pods ready", () => {
  expect(deploymentVerdict(deployment({ conditions: [available] }), [replicaSet("1", 1)])).toEqual({ state: "ready" });
});

describe("it isn't ready", () => {
  test.each([
    ["before the controller has seen this generation", deployment({ observed: 0, conditions: [available] }), [replicaSet("1", 1)]],
    ["without a ReplicaSet of its revision", deployment({ revision: "2", conditions: [available] }), [replicaSet("1", 1)]],
    ["while pods aren't ready", deployment({ conditions: [available], replicas: 2, updated: 2 }), [replicaSet("1", 1, 2)]],
    ["while Recreate has not made the new ReplicaSet, though all else is still as the old rollout left it",
      deployment({ conditions: [available, rolledOut], updated: 0 }), [replicaSet("1", 1)]],
    ["while it's unavailable", deployment(), [replicaSet("1", 1)]],
    ["during a rollout, though the old pods are available", deployment({ revision: "2", conditions: [available] }), [replicaSet("1", 1), replicaSet("2", 1)]],
  ])("%s", (_, object, sets) => {
    expect(deploymentVerdict(object, sets).state).toBe("waiting");
  });
});

test("a rollout is done when the controller calls the new ReplicaSet available", () => {
  const object = deployment({ revision: "2", conditions: [available, rolledOut] });
  expect(deploymentVerdict(object, [replicaSet("1", 0, 0), replicaSet("2", 1)])).toEqual({ state: "ready" });
});

test("it has failed when it no longer progresses, with the controller's reason", () => {
  const verdict = deploymentVerdict(deployment({ conditions: [stuck] }), [replicaSet("1", 0)]);
  expect(verdict).toEqual({ state: "failed", reasons: ["[ProgressDeadlineExceeded] timed out"] });
});

test("a failure of the generation before doesn't count", () => {
  expect(deploymentVerdict(deployment({ observed: 0, conditions: [stuck] }), []).state).toBe("waiting");
});
