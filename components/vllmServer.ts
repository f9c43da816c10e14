import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { PORTS } from "./names.ts";
import type { Slots } from "./packing.ts";
import { plainEnv, secretEnv, USER_ENV } from "./pod/env.ts";
import type { ModelAccess } from "./pod/model.ts";
import { memberPod, memberServer, type PairMemberArgs, type Program } from "./pod/pairMember.ts";
import { deploymentOf, serviceOf, timeoutsOf } from "./pod/server.ts";
import { VLLM_COMMAND, vllmArgs } from "./vllmArgs.ts";

export interface VllmServerArgs extends PairMemberArgs {
  slots: Slots;
  maxLoraRank: number;
  maxNumSeqs: number;
  /** Further flags of the server. */
  args: readonly string[];
}

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
    const server = memberServer("vllm", args);
    const pod = memberPod("vllm", args, (model) => programOf(args, model));
    const self = { parent: this };
    this.url = `http://${server.name}:${PORTS.vllm}`;
    new k8s.apps.v1.Deployment(`${name}-deployment`, deploymentOf(server, pod, args.readyWithinMinutes),
      { ...self, customTimeouts: timeoutsOf(args.readyWithinMinutes) });
    new k8s.core.v1.Service(`${name}-service`, serviceOf(server), self);
    this.registerOutputs({ url: this.url });
  }
}

function programOf(args: VllmServerArgs, model: ModelAccess): Program {
  return {
    command: VLLM_COMMAND,
    args: vllmArgs({ ...args, location: model.location }),
    env: [
      ...plainEnv({ ...USER_ENV, VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True", VLLM_NO_USAGE_STATS: "1", ...args.env }),
      ...model.env,
      secretEnv(args.secret, "SYNTH_API_KEY", "VLLM_API_KEY"),
    ],
    writesAdapters: false, health: "/health", ready: "/health",
  };
}
