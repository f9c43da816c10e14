import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { PORTS } from "./names.ts";
import { plainEnv, secretEnv, USER_ENV } from "./pod/env.ts";
import type { ModelAccess } from "./pod/model.ts";
import { memberPod, memberServer, type PairMemberArgs, type Program } from "./pod/pairMember.ts";
import { deploymentOf, serviceOf, timeoutsOf } from "./pod/server.ts";
import { ADAPTER_PATH } from "./pod/storage.ts";

export type LoraTrainerArgs = PairMemberArgs;

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
    const server = memberServer("trainer", args);
    const pod = memberPod("trainer", args, (model) => programOf(args, model));
    const self = { parent: this };
    this.url = `http://${server.name}:${PORTS.trainer}`;
    new k8s.apps.v1.Deployment(`${name}-deployment`, deploymentOf(server, pod, args.readyWithinMinutes),
      { ...self, customTimeouts: timeoutsOf(args.readyWithinMinutes) });
    new k8s.core.v1.Service(`${name}-service`, serviceOf(server), self);
    this.registerOutputs({ url: this.url });
  }
}

function programOf(args: LoraTrainerArgs, model: ModelAccess): Program {
  return {
    env: [
      ...plainEnv({
        ...USER_ENV, PORT: String(PORTS.trainer), MODEL: model.location, ADAPTERS_DIR: ADAPTER_PATH, DEVICE: args.device, DTYPE: args.model.dtype, ...args.env,
      }),
      ...model.env,
      secretEnv(args.secret, "SYNTH_API_KEY", "TRAINER_API_KEY"),
    ],
    writesAdapters: true, health: "/health", ready: "/ready",
  };
}
