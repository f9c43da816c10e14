import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import type { Access } from "./access.ts";
import { followRuns } from "./follow.ts";

/** A cluster of one run and one vLLM server, whose pods are as the test says at each look. */
function clusterOf(looks: V1Pod[][]): Access {
  let look = 0;
  const job = (): V1Job => ({ metadata: { name: "one-1", labels: { "rewardlab.dev/run": "one" } }, status: look < looks.length ? { active: 1 } : { conditions: [{ type: "Complete", status: "True" }] } });
  return {
    namespace: "rewardlab-dev",
    batch: { listNamespacedJob: async () => ({ items: [job()] }) },
    core: { listNamespacedPod: async ({ labelSelector }: { labelSelector: string }) => ({ items: labelSelector.includes("=one") ? [] : looks[Math.min(look++, looks.length - 1)]! }) },
  } as unknown as Access;
}

const server = (name: string, created: number, terminated?: object): V1Pod => ({
  metadata: { name, creationTimestamp: new Date(created), labels: { "rewardlab.dev/pair": "pair-0", "rewardlab.dev/part": "vllm" } },
  status: { initContainerStatuses: [{ name: "preflight", image: "x", imageID: "", ready: false, restartCount: 0, state: (terminated ? { terminated } : { waiting: { reason: "PodInitializing" } }) as object }] },
});

it("tells beside the runs what keeps a server of theirs from starting, once, and when it is over", async () => {
  const refused = { exitCode: 78, message: "GPU preflight: the GPU is NVIDIA L4. What to do: look" };
  const [first, refusedPod, next] = [server("a", 1), server("a", 1, refused), server("b", 2)];
  const told: string[] = [];
  const onServerTrouble = (name: string, trouble: string) => told.push(`${name}: ${trouble}`);
  const jobs = await followRuns(clusterOf([[first], [refusedPod], [refusedPod], [next]]), ["one"], { onServerTrouble }, new AbortController().signal);
  expect(told).toEqual(["pair-0-vllm: preflight: exit code 78 (GPU preflight: the GPU is NVIDIA L4. What to do: look)", "pair-0-vllm: "]);
  expect(jobs.map(({ state }) => state)).toEqual(["complete"]);
});
