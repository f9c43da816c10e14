import { describe, expect, it } from "vitest";
import { gpuSection } from "../settings/gpu.ts";
import { gpuProblems, turnProblems } from "./checks.ts";

const needs = { deadlineMinutes: 240, readyWithinMinutes: 45, waves: 1 };
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

describe("nodes on which pairs take turns", () => {
  const turns = (gpu: object, waves: number) => turnProblems(gpuSection.parse(gpu), { ...needs, waves });
  it("outlive all turns, each with its servers' start, and the release between them", () => {
    expect(turns({ backend: "karpenter-aks", nodeLifeMinutes: 3 * 285 + 2 * 2 + 14 }, 3)).toEqual([expect.objectContaining({
      path: "gpu.nodeLifeMinutes", what: "is 873, so a node ends before the last of 3 turns, of 240 minutes each, does", write: "Write 874 or more, or remove it",
    })]);
    expect(turns({ backend: "karpenter-aks", nodeLifeMinutes: 874 }, 3)).toEqual([]);
    expect(turns({ backend: "existing", products: ["x"] }, 100)).toEqual([]);
  });
  it("end with their capacity all the same: what does not fit is refused with a deadline that does", () => {
    expect(turns({ backend: "gke" }, 36)).toEqual([expect.objectContaining({ path: "deadlineMinutes", write: "Write 232 or less" })]);
    expect(turns({ backend: "gke" }, 35)).toEqual([]);
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
