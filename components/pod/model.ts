import type { Input } from "@pulumi/pulumi";
import type { SecretName } from "../config/envKeys.ts";
import { secretEnv } from "./env.ts";
import type { EnvVar } from "./types.ts";
import { type Mounted, nodeFolder, sharedNodeFolder } from "./volumes.ts";

/** The base model of a stack. */
export interface Model {
  name: string;
  source: { kind: "hub"; revision: string } | { kind: "directory"; path: string };
  /** Longest prompt plus decision, in tokens. */
  maxModelLen: number;
  dtype: "bfloat16" | "float32";
}

/** How a pod gets at the model. */
export interface ModelAccess {
  /** What to give to the program: a folder or a hub name. */
  location: string;
  folder: Mounted;
  /** The folder is written, and must be the pod's user's. */
  written: boolean;
  env: EnvVar[];
}

/** In the pods: where a folder with the model, or the hub's cache, is mounted. */
const MODEL_PATH = "/models/base";
const CACHE_PATH = "/models/cache";

/**
 * A folder of the node, mounted read-only, or a hub name with a cache on the node that server and trainer share, so that
 * a node downloads a model once and compiles its kernels once.
 */
export function modelAccess(model: Model, at: { hostRoot: string; secret: Input<string> & string; keys: readonly SecretName[] }): ModelAccess {
  const quiet = [{ name: "HF_HUB_DISABLE_TELEMETRY", value: "1" }];
  if (model.source.kind === "directory") {
    return {
      location: MODEL_PATH, written: false, folder: nodeFolder("model", model.source.path, MODEL_PATH),
      env: [...quiet, { name: "HF_HUB_OFFLINE", value: "1" }],
    };
  }
  return {
    location: model.name, written: true, folder: sharedNodeFolder("model-cache", `${at.hostRoot}/models`, CACHE_PATH, false),
    env: [
      ...quiet, { name: "HF_HOME", value: CACHE_PATH }, { name: "VLLM_CACHE_ROOT", value: `${CACHE_PATH}/vllm` },
      ...(at.keys.includes("HF_TOKEN") ? [secretEnv(at.secret, "HF_TOKEN")] : []),
    ],
  };
}
