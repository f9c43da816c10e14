import type { Input } from "@pulumi/pulumi";
import type { SecretName } from "../config/envKeys.ts";
import { secretEnv } from "./env.ts";
import type { EnvVar } from "./types.ts";
import { modelCache, type Storage } from "./storage.ts";
import { type Mounted, nodeFolder } from "./volumes.ts";

/** The base model of a stack. */
export interface Model {
  name: string;
  source: { kind: "hub"; revision: string } | { kind: "directory"; path: string };
  /** Longest prompt plus decision, in tokens. */
  maxModelLen: number;
  dtype: "bfloat16" | "float32";
  /** Where downloads and what is compiled are kept. */
  cache: Storage;
}

/** How a pod gets at the model. */
export interface ModelAccess {
  /** What to give to the program: a folder or a hub name. */
  location: string;
  folders: Mounted[];
  /** Those of the folders that are written, and must be the pod's user's. */
  written: Mounted[];
  env: EnvVar[];
}

/** In the pods: where a folder with the model, or the hub's cache, is mounted. */
const MODEL_PATH = "/models/base";
const CACHE_PATH = "/models/cache";

/** Where a model is looked for, and what is done with it. */
export interface ModelUse {
  pair: string;
  hostRoot: string;
  secret: Input<string> & string;
  keys: readonly SecretName[];
  /** The pod compiles the model's kernels, for minutes: what comes of it is kept for the next pod. */
  compiles: boolean;
}

/**
 * A folder of the node, mounted read-only, or a hub name with a cache that server and trainer share, so that
 * a node (or a pair, on a claim) downloads a model once (the hub's client locks each file while it loads it) and compiles its kernels once.
 */
export function modelAccess(model: Model, use: ModelUse): ModelAccess {
  const quiet = { name: "HF_HUB_DISABLE_TELEMETRY", value: "1" };
  const cache = modelCache(use, model.cache, CACHE_PATH);
  const compiled = { name: "VLLM_CACHE_ROOT", value: `${CACHE_PATH}/vllm` };
  if (model.source.kind === "directory") {
    const folder = nodeFolder("model", model.source.path, MODEL_PATH);
    const offline = [quiet, { name: "HF_HUB_OFFLINE", value: "1" }];
    return use.compiles ? { location: MODEL_PATH, folders: [folder, cache], written: [cache], env: [...offline, compiled] }
      : { location: MODEL_PATH, folders: [folder], written: [], env: offline };
  }
  return {
    location: model.name, folders: [cache], written: [cache],
    env: [quiet, { name: "HF_HOME", value: CACHE_PATH }, compiled, ...(use.keys.includes("HF_TOKEN") ? [secretEnv(use.secret, "HF_TOKEN")] : [])],
  };
}
