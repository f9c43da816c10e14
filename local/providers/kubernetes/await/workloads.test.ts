import { expect, test } from "vitest";
import { daemonSetVerdict } from "./daemonSet.ts";
import { statefulSetVerdict } from "./statefulSet.ts";
import { claimVerdict, volumeVerdict } from "./volume.ts";

const set = (status: any, more: any = {}) => ({ metadata: { generation: 1, ...more.metadata }, spec: { replicas: 2, ...more.spec }, status });

test("a StatefulSet needs all replicas ready, current and of one revision", () => {
  const done = { observedGeneration: 1, replicas: 2, readyReplicas: 2, currentReplicas: 2, currentRevision: "a", updateRevision: "a" };
  expect(statefulSetVerdict(set(done)).state).toBe("ready");
  for (const missing of [{ observedGeneration: 0 }, { readyReplicas: 1 }, { currentReplicas: 1 }, { updateRevision: "b" }]) {
    expect(statefulSetVerdict(set({ ...done, ...missing })).state).toBe("waiting");
  }
});

test("with OnDelete an update isn't waited for: somebody has to delete the pods", () => {
  const status = { observedGeneration: 2, replicas: 2, readyReplicas: 2, currentRevision: "a", updateRevision: "b" };
  const more = { metadata: { generation: 2 }, spec: { updateStrategy: { type: "OnDelete" } } };
  expect(statefulSetVerdict(set(status, more)).state).toBe("ready");
});

test("a DaemonSet needs an updated, available pod on every node, and is ready without nodes", () => {
  const counts = (n: number) => ({ currentNumberScheduled: n, updatedNumberScheduled: n, numberAvailable: n, numberReady: n });
  const status = { observedGeneration: 1, desiredNumberScheduled: 2 };
  expect(daemonSetVerdict(set({ ...status, ...counts(2) })).state).toBe("ready");
  expect(daemonSetVerdict(set({ ...status, ...counts(2), numberAvailable: 1 })).state).toBe("waiting");
  expect(daemonSetVerdict(set({ observedGeneration: 1, desiredNumberScheduled: 0 })).state).toBe("ready");
  expect(daemonSetVerdict(set({})).state).toBe("waiting");
});

test("a claim needs to be bound, unless its class waits for the first consumer", () => {
  const claim = (phase: string) => ({ status: { phase } });
  expect(claimVerdict(claim("Bound"), undefined).state).toBe("ready");
  expect(claimVerdict(claim("Pending"), "Immediate").state).toBe("waiting");
  expect(claimVerdict(claim("Pending"), "WaitForFirstConsumer").state).toBe("ready");
  expect(volumeVerdict(claim("Available")).state).toBe("ready");
  expect(volumeVerdict(claim("Failed")).state).toBe("waiting");
});
