import type { Slots } from "./packing.ts";
import { PORTS } from "./names.ts";
import type { Model } from "./pod/model.ts";

export interface VllmFlags {
  model: Model;
  /** Folder or hub name, as the pod sees it. */
  location: string;
  slots: Slots;
  maxLoraRank: number;
  maxNumSeqs: number;
  /** Further flags. */
  args: readonly string[];
}

/** Name under which the base model is served; runs name their adapters and never this. */
export const BASE_MODEL = "base";

/** The server's command. `vllm serve` is a script that not every build has; the module is in all of them. */
export const VLLM_COMMAND = ["python3", "-m", "vllm.entrypoints.openai.api_server"];

/** The server's flags. */
export function vllmArgs({ model, location, slots, maxLoraRank, maxNumSeqs, args }: VllmFlags): string[] {
  return [
    "--host=0.0.0.0", `--port=${PORTS.vllm}`,
    `--model=${location}`, `--served-model-name=${BASE_MODEL}`, ...(model.source.kind === "hub" ? [`--revision=${model.source.revision}`] : []),
    `--dtype=${model.dtype}`, `--max-model-len=${model.maxModelLen}`, `--max-num-seqs=${maxNumSeqs}`,
    "--enable-lora", `--max-loras=${slots.maxLoras}`, `--max-cpu-loras=${slots.maxCpuLoras}`, `--max-lora-rank=${maxLoraRank}`,
    // The model's own log-probabilities, whatever the request's temperature and top_p: the trainer compares its own with them.
    "--logprobs-mode=raw_logprobs",
    // Without it a model's own generation_config changes the sampling behind the request's back.
    "--generation-config=vllm",
    "--enable-auto-tool-choice", "--tool-call-parser=hermes",
    ...args,
  ];
}
