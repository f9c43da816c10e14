import { expect, test } from "vitest";
import { podVerdict } from "./pod.ts";

const pod = (status: any) => ({ kind: "Pod", metadata: { name: "p" }, status });

test.each([
  ["ready", { phase: "Running", conditions: [{ type: "Ready", status: "True" }] }],
  ["succeeded", { phase: "Succeeded", conditions: [{ type: "Ready", status: "False" }] }],
])("a pod that is %s is ready", (_, status) => {
  expect(podVerdict(pod(status)).state).toBe("ready");
});

test("one that has failed never will be, and its container says why", () => {
  const terminated = { exitCode: 3, reason: "Error" };
  const verdict = podVerdict(pod({ phase: "Failed", containerStatuses: [{ name: "c", ready: false, state: { terminated } }] }));
  expect(verdict).toEqual({ state: "failed", reasons: ["the pod has failed", "pod p: container c: ended with exit code 3 (Error)"] });
});

test("one that can't be scheduled says so", () => {
  const unschedulable = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "Insufficient nvidia.com/gpu" };
  const verdict = podVerdict(pod({ phase: "Pending", conditions: [unschedulable] }));
  expect(JSON.stringify(verdict)).toContain("[Unschedulable] Insufficient nvidia.com/gpu");
});
