import { expect, test } from "vitest";
import { LABEL } from "../components/names.ts";
import { jobUsage, podUsage } from "./usage.ts";

const when = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const pod = (status: object, resources: object = { limits: { "nvidia.com/gpu": "1" } }, nodeName: string | undefined = "node-0") => podUsage({
  metadata: { name: "pair-0-vllm-x", labels: { [LABEL.pair]: "pair-0", [LABEL.part]: "vllm" } }, spec: { nodeName, containers: [{ name: "vllm", resources }] }, status,
} as never);
const placed = { type: "PodScheduled", status: "True", lastTransitionTime: when(1) };

test("a pod holds its GPUs from its placement on, before its containers start", () => {
  expect(pod({ phase: "Pending", conditions: [placed] })).toEqual({
    pod: "pair-0-vllm-x", part: "vllm", pair: "pair-0", node: "node-0", gpus: 1, from: when(1).toISOString(), to: null,
  });
});

test("a pod that waits for a GPU holds none", () => {
  expect(pod({ phase: "Pending", conditions: [{ ...placed, status: "False" }] }, undefined, "")?.from).toBeNull();
});

test("a pod that has ended gives its GPUs back when its last container ends", () => {
  const ended = { phase: "Failed", conditions: [placed], containerStatuses: [{ state: { terminated: { finishedAt: when(9) } } }] };
  expect(pod(ended)?.to).toBe(when(9).toISOString());
});

test("a device of a claim counts as a GPU, and a pod without any is not billed", () => {
  expect(pod({ conditions: [placed] }, { claims: [{ name: "gpu", request: "vllm" }] })?.gpus).toBe(1);
  expect(pod({ conditions: [placed] }, {})).toBeNull();
});

test("a Job lasts from its start to its completion or failure, and until now while neither is", () => {
  const job = (status: object) => jobUsage({ metadata: { labels: { [LABEL.run]: "a", [LABEL.pair]: "pair-0" } }, status } as never);
  const failed = [{ type: "Failed", status: "True", lastTransitionTime: when(7) }];
  expect(job({ startTime: when(2), completionTime: when(5) })).toEqual({ run: "a", pair: "pair-0", from: when(2).toISOString(), to: when(5).toISOString() });
  expect(job({ startTime: when(2), conditions: failed }).to).toBe(when(7).toISOString());
  expect(job({ startTime: when(2) }).to).toBeNull();
});
