import { z } from "zod";
import { inert, required, requiredInert, used } from "./fields.ts";
import { count, natural } from "./values.ts";

/** [topology] (legacy) and [compute.topology] (new): how the GPUs of a run are split. */
export const topologyTable = z.strictObject({
  type: used(z.literal("single_node_split"), "server and trainer on one node, one GPU each", '"single_node_split"'),
  gpus_for_vllm: used(natural, "GPUs of the inference server; 1 here", "1"),
  gpus_for_training: used(natural, "GPUs of the trainer; 1 here", "1"),
  gpus_for_ref: used(natural, "GPUs of a reference model; 0 here", "0"),
  tensor_parallel: used(count, "GPUs that one copy of the model is spread over, as vllm.tensor_parallel_size", "1"),
  reference_placement: used(z.enum(["none", "shared", "dedicated"]), "must be none: no reference model is used", '"none"'),
});

export const computeTable = z.strictObject({
  gpu_type: requiredInert(z.string().min(1), "the stack's pool decides which GPUs there are", '"H100"'),
  gpu_count: required(count, "GPUs of a run: the sum of its topology", "2"),
  nodes: used(z.literal(1), "server and trainer share a node", "1"),
  topology: used(topologyTable, "how the GPUs of a run are split"),
});

/** [vllm]: the format leaves its keys open; the two that it uses are named. */
export const vllmTable = z.looseObject({
  tensor_parallel_size: used(count, "as topology.tensor_parallel", "1"),
  max_model_len: used(count, "longest prompt plus decision, in tokens", "8192"),
});

/** [reference]: a second copy of the model for a KL term. */
export const referenceTable = z.strictObject({
  placement: used(z.enum(["none", "shared", "dedicated"]), "must be none: no reference model is used", '"none"'),
  port: inert(count, "no reference model is used"),
  tp: inert(count, "no reference model is used"),
  health_max_wait_s: inert(count, "no reference model is used"),
  health_interval_ms: inert(count, "no reference model is used"),
});
