import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { podTrouble } from "./podState.ts";

const status = (state: V1ContainerStatus["state"], lastState?: V1ContainerStatus["lastState"]) =>
  ({ name: "preflight", image: "x", imageID: "", ready: false, restartCount: 1, ...(state && { state }), ...(lastState && { lastState }) });
const pod = (init: V1ContainerStatus): V1Pod => ({ status: { initContainerStatuses: [init] } });
const terminated = { exitCode: 78, reason: "Error", message: "GPU preflight: the GPU is NVIDIA L4. What to do: look\n" };

it("tells what a container said as it ended, at once and while it waits to be started again", () => {
  expect(podTrouble(pod(status({ terminated })))).toBe("preflight: exit code 78 (GPU preflight: the GPU is NVIDIA L4. What to do: look)");
  expect(podTrouble(pod(status({ waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } }, { terminated }))))
    .toBe("preflight: CrashLoopBackOff: back-off 10s: GPU preflight: the GPU is NVIDIA L4. What to do: look");
});

it("has a reason for an end without words, and nothing to say of a pod that starts or runs", () => {
  expect(podTrouble(pod(status({ terminated: { exitCode: 137, reason: "OOMKilled" } })))).toBe("preflight: exit code 137 (OOMKilled)");
  expect(podTrouble(pod(status({ waiting: { reason: "PodInitializing" } })))).toBe("");
  expect(podTrouble(pod(status({ terminated: { exitCode: 0 } })))).toBe("");
});
