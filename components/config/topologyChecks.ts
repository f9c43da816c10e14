import type { RewardFile } from "../schema/rewardFile.ts";
import type { Finding } from "./finding.ts";
import { findFact } from "./homes.ts";

/** A pair is one server and one trainer with a GPU each; a file that counts its GPUs otherwise asks for another machine. */
export function topologyChecks(file: RewardFile): Finding[] {
  if (!file.topology && !file.compute.topology) {
    return [{
      path: "compute.topology", what: "is missing: a config must say how its GPUs are split",
      write: "Write [compute.topology] with gpus_for_vllm = 1, gpus_for_training = 1, gpus_for_ref = 0",
    }];
  }
  const parts = [
    { name: "gpus_for_vllm", found: findFact(file, "gpusForVllm"), want: 1, why: "a pair's server has one GPU" },
    { name: "gpus_for_training", found: findFact(file, "gpusForTraining"), want: 1, why: "a pair's trainer has one GPU" },
    { name: "gpus_for_ref", found: findFact(file, "gpusForRef"), want: 0, why: "no reference model is used" },
  ];
  const sum = parts.reduce((total, part) => total + Number(part.found?.value ?? part.want), 0);
  const placement = findFact(file, "referencePlacement");
  return [
    ...parts.filter((part) => part.found && part.found.value !== part.want).map((part) => ({
      path: part.found!.path, what: `is ${String(part.found!.value)}: ${part.why}`, write: `Write ${part.found!.path} = ${part.want}`,
    })),
    ...(sum === file.compute.gpu_count ? [] : [{
      path: "compute.gpu_count", what: `is ${file.compute.gpu_count}, but the topology's GPUs sum to ${sum}`,
      write: `Write compute.gpu_count = ${sum}, or change the topology`,
    }]),
    ...(placement && placement.value !== "none" ? [{
      path: placement.path, what: `is "${String(placement.value)}": no reference model is used`, write: `Write ${placement.path} = "none"`,
    }] : []),
    ...tensorParallelChecks(file),
  ];
}

function tensorParallelChecks(file: RewardFile): Finding[] {
  const topology = findFact(file, "tensorParallel");
  const served = file.vllm?.tensor_parallel_size;
  if ((topology === undefined) !== (served === undefined)) {
    return [{
      path: topology?.path ?? "vllm.tensor_parallel_size", what: "stands alone: the split and the server must both name it, or neither",
      write: topology ? "Add vllm.tensor_parallel_size = 1" : "Add compute.topology.tensor_parallel = 1",
    }];
  }
  return [{ path: topology?.path ?? "", value: topology?.value }, { path: "vllm.tensor_parallel_size", value: served }]
    .filter(({ value }) => value !== undefined && value !== 1)
    .map(({ path, value }) => ({ path, what: `is ${String(value)}: a pair's server has one GPU`, write: `Write ${path} = 1` }));
}
