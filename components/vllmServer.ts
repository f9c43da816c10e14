import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import type { GpuPool } from "./nodePool/gpu.ts";
import { PORTS, vllmName } from "./names.ts";
import type { Slots } from "./packing.ts";
import { plainEnv, secretEnv, USER_ENV } from "./pod/env.ts";
import { type Model, modelAccess } from "./pod/model.ts";
import { memberResources, pairPlacement, slotOf } from "./pod/placement.ts";
import { serverProbes } from "./pod/probes.ts";
import { restrictedContainer } from "./pod/security.ts";
import { deploymentOf, mounted, type Server, serviceOf, timeoutsOf } from "./pod/server.ts";
import type { Resources } from "./pod/types.ts";
import { giveFolders, scratch, sharedMemory, sharedNodeFolder } from "./pod/volumes.ts";
import { VLLM_COMMAND, vllmArgs } from "./vllmArgs.ts";

export interface VllmServerArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** Name of the pair. */
  pair: string;
  /** With a digest or an exact tag. */
  image: pulumi.Input<string>;
  /** Name of the Secret, and the keys that it holds. */
  secret: string;
  keys: readonly SecretName[];
  pool: GpuPool;
  model: Model;
  /** Folder on the node for the model cache. */
  hostRoot: string;
  /** Folder on the node that the pair's trainer writes adapters to. */
  adapterFolder: string;
  slots: Slots;
  maxLoraRank: number;
  maxNumSeqs: number;
  /** Further flags and settings of the server. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  sharedMemory: string;
  resources: Resources;
  readyWithinMinutes: number;
}

/** Where a pair's adapters are, in its server and in its trainer: the trainer gives the server paths in it. */
export const ADAPTER_PATH = "/adapters";

/**
 * The inference server of a pair, on one GPU: samples every run's decisions, each with the run's own adapter.
 *
 * It must see the folder that its trainer writes, under the same path, on the same node. Its adapter endpoints are for
 * the runs alone: the key is the runs' and the task app's, and the stack's network lets no other pod in.
 */
export class VllmServer extends pulumi.ComponentResource {
  /** Address inside the namespace. */
  readonly url: string;

  constructor(name: string, args: VllmServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:serving:VllmServer", name, {}, opts);
    const server: Server = { name: vllmName(args.pair), namespace: args.namespace, stack: args.stack, part: "vllm", pair: args.pair, slot: slotOf(args), port: PORTS.vllm };
    const self = { parent: this };
    this.url = `http://${server.name}:${PORTS.vllm}`;
    new k8s.apps.v1.Deployment(`${name}-deployment`, deploymentOf(server, podOf(args), args.readyWithinMinutes),
      { ...self, customTimeouts: timeoutsOf(args.readyWithinMinutes) });
    new k8s.core.v1.Service(`${name}-service`, serviceOf(server), self);
    this.registerOutputs({ url: this.url });
  }
}

function podOf(args: VllmServerArgs) {
  const model = modelAccess(args.model, { hostRoot: args.hostRoot, secret: args.secret, keys: args.keys });
  const adapters = sharedNodeFolder("adapters", args.adapterFolder, ADAPTER_PATH, true);
  const { volumes, volumeMounts } = mounted([...scratch(), sharedMemory(args.sharedMemory), model.folder, adapters]);
  return {
    ...pairPlacement(args),
    volumes,
    ...(model.written && { initContainers: [giveFolders(args.image, [model.folder])] }),
    containers: [{
      name: "vllm",
      image: args.image,
      command: VLLM_COMMAND,
      args: vllmArgs({ ...args, location: model.location }),
      ports: [{ name: "http", containerPort: PORTS.vllm }],
      env: [
        ...plainEnv({ ...USER_ENV, VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True", VLLM_NO_USAGE_STATS: "1", ...args.env }),
        ...model.env,
        secretEnv(args.secret, "SYNTH_API_KEY", "VLLM_API_KEY"),
      ],
      resources: memberResources(args.pool, args.resources, "vllm"),
      volumeMounts,
      ...serverProbes({ port: PORTS.vllm, health: "/health", ready: "/health", readyWithinMinutes: args.readyWithinMinutes }),
      ...restrictedContainer(),
    }],
  };
}
