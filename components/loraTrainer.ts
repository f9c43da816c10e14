import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import type { GpuPool } from "./nodePool/gpu.ts";
import { PORTS, trainerName } from "./names.ts";
import { plainEnv, secretEnv, USER_ENV } from "./pod/env.ts";
import { type Model, modelAccess } from "./pod/model.ts";
import { memberResources, pairPlacement, slotOf } from "./pod/placement.ts";
import { serverProbes } from "./pod/probes.ts";
import { restrictedContainer } from "./pod/security.ts";
import { deploymentOf, mounted, type Server, serviceOf, timeoutsOf } from "./pod/server.ts";
import type { Resources } from "./pod/types.ts";
import { giveFolders, scratch, sharedMemory, sharedNodeFolder } from "./pod/volumes.ts";

export interface LoraTrainerArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** Name of the pair. */
  pair: string;
  /** With a digest. */
  image: pulumi.Input<string>;
  /** Name of the Secret, and the keys that it holds. */
  secret: string;
  keys: readonly SecretName[];
  pool: GpuPool;
  model: Model;
  /** Folder on the node for the model cache. */
  hostRoot: string;
  /** Folder on the node for the pair's adapters, and where it is mounted in both of the pair's pods. */
  adapterFolder: string;
  adapterPath: string;
  device: "cpu" | "cuda";
  /** Further settings of the program. */
  env: Readonly<Record<string, string>>;
  sharedMemory: string;
  resources: Resources;
  readyWithinMinutes: number;
}

/**
 * The trainer of a pair, on one GPU: keeps the adapters, optimizers and checkpoints of all the pair's runs on one copy of
 * the base model, and writes each new version into the folder that the pair's server reads.
 *
 * The folder outlives the pod, so a killed trainer goes on where it was.
 */
export class LoraTrainer extends pulumi.ComponentResource {
  /** Address inside the namespace. */
  readonly url: string;

  constructor(name: string, args: LoraTrainerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:training:LoraTrainer", name, {}, opts);
    const server: Server = {
      name: trainerName(args.pair), namespace: args.namespace, stack: args.stack, part: "trainer", pair: args.pair, slot: slotOf(args), port: PORTS.trainer,
    };
    const self = { parent: this };
    this.url = `http://${server.name}:${PORTS.trainer}`;
    new k8s.apps.v1.Deployment(`${name}-deployment`, deploymentOf(server, podOf(args), args.readyWithinMinutes),
      { ...self, customTimeouts: timeoutsOf(args.readyWithinMinutes) });
    new k8s.core.v1.Service(`${name}-service`, serviceOf(server), self);
    this.registerOutputs({ url: this.url });
  }
}

function podOf(args: LoraTrainerArgs) {
  const model = modelAccess(args.model, { hostRoot: args.hostRoot, secret: args.secret, keys: args.keys });
  const adapters = sharedNodeFolder("adapters", args.adapterFolder, args.adapterPath, false);
  const { volumes, volumeMounts } = mounted([...scratch(), sharedMemory(args.sharedMemory), model.folder, adapters]);
  return {
    ...pairPlacement(args),
    volumes,
    initContainers: [giveFolders(args.image, [adapters, ...(model.written ? [model.folder] : [])])],
    containers: [{
      name: "trainer",
      image: args.image,
      ports: [{ name: "http", containerPort: PORTS.trainer }],
      env: [
        ...plainEnv({
          ...USER_ENV, PORT: String(PORTS.trainer), MODEL: model.location, ADAPTERS_DIR: args.adapterPath,
          DEVICE: args.device, DTYPE: args.model.dtype, ...args.env,
        }),
        ...model.env,
        secretEnv(args.secret, "SYNTH_API_KEY", "TRAINER_API_KEY"),
      ],
      resources: memberResources(args.pool, args.resources, "trainer"),
      volumeMounts,
      ...serverProbes({ port: PORTS.trainer, health: "/health", ready: "/ready", readyWithinMinutes: args.readyWithinMinutes }),
      ...restrictedContainer(),
    }],
  };
}
