import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RunSpec } from "../images/runner/src/runSpec.ts";
import { labelsOf } from "./names.ts";
import { policiesOf } from "./network/policies.ts";
import type { Model } from "./pod/model.ts";

export interface StackNetworkArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** A hub's opens a way out for those that load it. */
  model: Pick<Model, "source">;
  /** Names of the secrets that there are. */
  keys: readonly string[];
  /** Of the runs, whose task app and results may be elsewhere. */
  specs: readonly Pick<RunSpec, "endpoints" | "results">[];
  /** Ports of the API server. */
  apiPorts: readonly number[];
}

/**
 * Who may talk to whom in a stack's namespace. It is there before any pod is: a pod that starts without walls could reach,
 * and be reached by, whatever the cluster has.
 *
 * A cluster without a policy controller takes these objects and enforces none of them (docs/guard-rails.md).
 */
export class StackNetwork extends pulumi.ComponentResource {
  constructor(name: string, { stack, namespace, model, keys, specs, apiPorts }: StackNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:cluster:Network", name, {}, opts);
    for (const policy of policiesOf({ hub: model.source.kind === "hub", keys, apiPorts, taskUrls: specs.map(({ endpoints }) => endpoints.taskApp), results: specs[0]?.results })) {
      new k8s.networking.v1.NetworkPolicy(`${name}-${policy.name}`, {
        metadata: { name: policy.name, namespace, labels: labelsOf({ stack, ...(policy.part && { part: policy.part }) }) },
        spec: policy.spec,
      }, { parent: this });
    }
    this.registerOutputs({});
  }
}
