import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { afterEach, expect, it, vi } from "vitest";
import type { Access } from "./access.ts";
import { followRuns } from "./follow.ts";

afterEach(() => vi.useRealTimers());

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

it("goes on after one request that hung for minutes, and gives up when they fail for two", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const access = clusterOf([]);
  const listing = access.batch.listNamespacedJob.bind(access.batch);
  const away = (seconds: number) => { vi.setSystemTime(Date.now() + 1000 * seconds); return Promise.reject(new Error("no answer")); };
  let asked = 0;
  access.batch.listNamespacedJob = (args) => (++asked === 1 ? away(180) : listing(args));
  expect((await followRuns(access, ["one"], {}, new AbortController().signal)).map(({ state }) => state)).toEqual(["complete"]);
  access.batch.listNamespacedJob = () => away(70);
  await expect(followRuns(access, ["one"], {}, new AbortController().signal)).rejects.toThrow("no answer");
});
