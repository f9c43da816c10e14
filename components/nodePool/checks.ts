import type { Problem } from "../config/problem.ts";
import { editDistance } from "../config/suggest.ts";
import type { GpuSettings } from "../settings/gpu.ts";
import { leastLifeMinutes, type LifeNeeds, longestRunMinutes, nodeLifeMinutes } from "./lifetime.ts";
import { GKE_MAX_NODE_MINUTES, KNOWN_PRODUCTS, SHAPES } from "./shapes.ts";

type Found = Omit<Problem, "file">;

/** What is wrong with a pool beyond the shape of its settings: what its cloud does not have or does not allow. */
export function gpuProblems(gpu: GpuSettings, needs: LifeNeeds): Found[] {
  switch (gpu.backend) {
    case "existing": return gpu.products.flatMap(productProblem);
    case "gke": return [...onDemandProblem(gpu), ...lifeProblems(gpu.nodeLifeMinutes, needs, GKE_MAX_NODE_MINUTES)];
    case "karpenter-aks": return lifeProblems(gpu.nodeLifeMinutes, needs);
    case "karpenter-aws": return [...eightGpuProblem(gpu), ...lifeProblems(gpu.nodeLifeMinutes, needs)];
  }
}

/** What is wrong with the life of a pool's nodes where pairs take turns on them: each node outlives all of its turns. */
export function turnProblems(gpu: GpuSettings, needs: LifeNeeds): Found[] {
  if (gpu.backend === "existing" || needs.waves === 1) return [];
  return lifeProblems(gpu.nodeLifeMinutes, needs, gpu.backend === "gke" ? GKE_MAX_NODE_MINUTES : Infinity);
}

/** A name within two letters of a known one matches no node, and its pods wait for ever. */
function productProblem(product: string, index: number): Found[] {
  if ((KNOWN_PRODUCTS as readonly string[]).includes(product)) return [];
  const meant = product.length > 10 && KNOWN_PRODUCTS.find((known) => editDistance(product.toLowerCase(), known.toLowerCase()) <= 2);
  return meant ? [{ path: `gpu.products.${index}`, what: `is "${product}", which no card is called in nvidia.com/gpu.product`, write: `Write ${meant}` }] : [];
}

function onDemandProblem({ capacity, acceptEightGpus }: Extract<GpuSettings, { backend: "gke" }>): Found[] {
  if (!capacity.includes("on-demand") || acceptEightGpus) return [];
  const { machine, gpus } = SHAPES.gkeOnDemand;
  return [{
    path: "gpu.capacity", what: `asks for ${SHAPES.gke.machine} on demand, which GKE has as Spot or Flex-start only; on demand it has ${machine}, `
      + `whose pair would leave ${gpus - 2} of ${gpus} paid GPUs idle`,
    write: "Remove on-demand, or write gpu.acceptEightGpus: true",
  }];
}

function eightGpuProblem({ acceptEightGpus, nodeCount }: Extract<GpuSettings, { backend: "karpenter-aws" }>): Found[] {
  if (acceptEightGpus) return [];
  const { machine, gpus } = SHAPES.aws;
  return [{
    path: "gpu.backend", what: `is karpenter-aws, but AWS has no node of 2 H100s: p5.4xlarge has 1, and two of them share no folder for adapters; ${machine} has ${gpus}, `
      + `so ${nodeCount} node${nodeCount === 1 ? "" : "s"} cost${nodeCount === 1 ? "s" : ""} ${nodeCount * gpus} GPUs, and one pair leaves ${gpus - 2} of ${gpus} idle`,
    write: `Write gpu.acceptEightGpus: true, best with placement: dedicated and ${gpus / 2} experiments a node, or take gke, karpenter-aks or existing`,
  }];
}

function lifeProblems(chosen: number | undefined, needs: LifeNeeds, most = Infinity): Found[] {
  const least = leastLifeMinutes(needs);
  const life = nodeLifeMinutes(chosen, needs);
  const runs = needs.waves === 1 ? `a run of ${needs.deadlineMinutes} minutes does` : `the last of ${needs.waves} turns, of ${needs.deadlineMinutes} minutes each, does`;
  const over = Math.floor(longestRunMinutes(most, needs));
  return [
    ...(life < least ? [{
      path: "gpu.nodeLifeMinutes", what: `is ${life}, so a node ends before ${runs}`,
      write: `Write ${least} or more, or remove it`,
    }] : []),
    ...(life > most ? [{
      path: chosen === undefined ? "deadlineMinutes" : "gpu.nodeLifeMinutes",
      what: `keeps a node for ${life} minutes; no capacity type of this backend lasts longer than ${most}`,
      write: chosen !== undefined ? `Write ${most} or less` : over >= 1 ? `Write ${over} or less` : "Raise gpu.nodeCount, or put more experiments on a pair",
    }] : []),
  ];
}
