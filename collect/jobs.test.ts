import type { V1JobCondition } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { jobState } from "./jobs.ts";
import { LABEL } from "../components/names.ts";
import { podTrouble } from "./podState.ts";

const job = (active: number, ...conditions: Partial<V1JobCondition>[]) =>
  ({ metadata: { name: "a-1", labels: { [LABEL.run]: "a" } }, status: { active, conditions: conditions as V1JobCondition[] } });

test("a Job's conditions decide, not its pods", () => {
  expect(jobState(job(0)).state).toBe("waiting");
  expect(jobState(job(1)).state).toBe("running");
  expect(jobState(job(1, { type: "Complete", status: "True" })).state).toBe("complete");
  expect(jobState(job(0, { type: "Complete", status: "False" })).state).toBe("waiting");
});

test("a Job whose pod waits at its gate is waiting, and one that the pair controller has suspended says for what", () => {
  expect(jobState({ ...job(1), status: { active: 1, ready: 0 } }).state).toBe("waiting");
  const suspended = { ...job(0), spec: { suspend: true, template: {} } };
  expect(jobState(suspended)).toMatchObject({ state: "waiting", reason: "" });
  expect(jobState({ ...suspended, metadata: { ...suspended.metadata, annotations: { "rewardlab.dev/parked": "true" } } })).toMatchObject({ state: "waiting", reason: expect.stringContaining("its pair's turn") });
  expect(podTrouble({ spec: { containers: [], schedulingGates: [{ name: "rewardlab.dev/turn" }] } })).toContain("its pair's turn");
});

test("a failed Job keeps the reason that Kubernetes gave", () => {
  expect(jobState(job(0, { type: "Failed", status: "True", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" })))
    .toEqual({ run: "a", job: "a-1", state: "failed", reason: "DeadlineExceeded: Job was active longer than specified deadline" });
});

test("a pod that cannot be scheduled or pulled says why", () => {
  expect(podTrouble({ status: { conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes are available: 1 Insufficient nvidia.com/gpu." }] } }))
    .toContain("Insufficient nvidia.com/gpu");
  expect(podTrouble({ status: { containerStatuses: [{ name: "runner", state: { waiting: { reason: "ImagePullBackOff", message: "not found" } } }] } } as never))
    .toBe("runner: ImagePullBackOff: not found");
  expect(podTrouble({ status: { containerStatuses: [{ name: "runner", state: { running: {} } }] } } as never)).toBe("");
});
