import { describe, expect, it } from "vitest";
import { gpuSection } from "../settings/gpu.ts";
import { gpuProblems } from "./checks.ts";

const needs = { deadlineMinutes: 240, readyWithinMinutes: 45 };
const problems = (gpu: object, deadlineMinutes = needs.deadlineMinutes) => gpuProblems(gpuSection.parse(gpu), { ...needs, deadlineMinutes });
const aws = { backend: "karpenter-aws", amiAlias: "al2023@v20251023", role: "r", discovery: "d" };

describe("nodes of AWS, which has none of two H100s", () => {
  it("are refused with what eight GPUs a node cost, and taken when that is accepted", () => {
    const [problem, ...rest] = problems({ ...aws, nodeCount: 2 });
    expect(rest).toEqual([]);
    expect(problem!.what).toContain("2 nodes cost 16 GPUs, and one pair leaves 6 of 8 idle");
    expect(problem!.write).toContain("gpu.acceptEightGpus: true");
    expect(problems({ ...aws, acceptEightGpus: true })).toEqual([]);
  });
});

describe("nodes of GKE", () => {
  it("of two GPUs are not to be had on demand", () => {
    expect(problems({ backend: "gke" })).toEqual([]);
    const capacity = ["spot", "on-demand"];
    expect(problems({ backend: "gke", capacity })).toEqual([expect.objectContaining({ path: "gpu.capacity", what: expect.stringContaining("6 of 8 paid GPUs idle") })]);
    expect(problems({ backend: "gke", capacity, acceptEightGpus: true })).toEqual([]);
  });

  it("last seven days at most, so a longer deadline is refused with the longest that fits", () => {
    const [problem] = problems({ backend: "gke" }, 7 * 24 * 60);
    expect(problem).toMatchObject({ path: "deadlineMinutes", what: "keeps a node for 10140 minutes; no capacity type of this backend lasts longer than 10080", write: "Write 10020 or less" });
    expect(problems({ backend: "gke" }, 10_020)).toEqual([]);
    expect(problems({ backend: "gke", nodeLifeMinutes: 10_081 })).toEqual([expect.objectContaining({ path: "gpu.nodeLifeMinutes", write: "Write 10080 or less" })]);
    expect(problems({ backend: "karpenter-aks" }, 7 * 24 * 60)).toEqual([]);
  });
});

it.each([["gke", {}], ["karpenter-aks", {}], ["karpenter-aws", { ...aws, acceptEightGpus: true }]])("a node of %s outlives its runs", (backend, rest) => {
  expect(problems({ ...rest, backend, nodeLifeMinutes: 299 })).toEqual([expect.objectContaining({ path: "gpu.nodeLifeMinutes", write: "Write 300 or more, or remove it" })]);
  expect(problems({ ...rest, backend, nodeLifeMinutes: 300 })).toEqual([]);
});

it("a card's name that is nearly a known one is a slip; one that is far from all may be a card", () => {
  const products = ["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-80GB-HMB3", "nvidia-h100-nvl", "none-cpu-stand-in", "NVIDIA-RTX-6000-Ada-Generation"];
  expect(problems({ backend: "existing", products }).map(({ path, write }) => [path, write])).toEqual([
    ["gpu.products.1", "Write NVIDIA-H100-80GB-HBM3"], ["gpu.products.2", "Write NVIDIA-H100-NVL"],
  ]);
});
