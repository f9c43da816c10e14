import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { clusterProvider } from "../components/clusterProvider.ts";
import { EnvSecret } from "../components/envSecret.ts";
import { StackNamespace } from "../components/stackNamespace.ts";
import { inClear, record, revealed } from "./record.ts";

it("the provider names its cluster for good and updates a rotated secret in place", async () => {
  const { one } = await record(async () => void clusterProvider("cluster", { context: "gpu", identifier: "gpu-1" }));
  const { inputs } = one("pulumi:providers:kubernetes");
  expect(inputs).toMatchObject({ context: "gpu", clusterIdentifier: "gpu-1", enableSecretMutable: "true" });
  expect(inputs).not.toHaveProperty("kubeconfig");
});

it("the namespace is called after the stack and may take twenty minutes to go", async () => {
  const { one, outputs } = await record(async () => ({ name: new StackNamespace("stack", { stack: "exp-7", gpus: 2, quote: { prices: null, nodeHours: 5, cap: null }, podSecurity: "restricted" }).name }));
  expect(outputs.name).toBe("rewardlab-exp-7");
  expect(one("kubernetes:core/v1:Namespace").options.customTimeouts).toEqual({ delete: "20m" });
});

it("the Secret has a fixed name, and no value of it is kept in clear", async () => {
  const { one } = await record(async () => ({
    keys: [...new EnvSecret("env", { stack: "dev", namespace: "rewardlab-dev", secrets: { SYNTH_API_KEY: pulumi.secret("sentinel") } }).keys],
  }));
  const { inputs } = one("kubernetes:core/v1:Secret");
  expect(inputs["metadata"].name).toBe("rewardlab-env");
  expect(JSON.stringify(inClear(inputs))).not.toContain("sentinel");
  expect(revealed(inputs).stringData).toEqual({ SYNTH_API_KEY: "sentinel" });
});
