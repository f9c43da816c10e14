import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SecretName } from "./config/envKeys.ts";
import { ENV_SECRET, labelsOf } from "./names.ts";

export interface EnvSecretArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** Each must be a secret output: component and engine keep it encrypted from here on. */
  secrets: Partial<Record<SecretName, pulumi.Output<string>>>;
}

/**
 * The one Secret of a stack. Its name is fixed, so that rotating a key updates it in place and no Job refers to anything
 * new; pods that run keep the key they started with.
 */
export class EnvSecret extends pulumi.ComponentResource {
  /** Name of the Secret, for references. */
  readonly name = ENV_SECRET;
  /** The keys that it holds. */
  readonly keys: readonly SecretName[];

  constructor(name: string, { stack, namespace, secrets }: EnvSecretArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:cluster:EnvSecret", name, {}, opts);
    this.keys = Object.keys(secrets) as SecretName[];
    new k8s.core.v1.Secret(`${name}-secret`, {
      metadata: { name: ENV_SECRET, namespace, labels: labelsOf({ stack }) },
      stringData: secrets as Record<string, pulumi.Output<string>>,
    }, { parent: this });
    this.registerOutputs({ name: this.name });
  }
}
