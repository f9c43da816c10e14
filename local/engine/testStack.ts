import { fileURLToPath } from "node:url";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { runStack, type StackOperation, type StackOptions, type StackResult } from "./runStack.ts";
import type { StateSaving } from "./stateSaving.ts";
import { engineIn } from "./testEngine.ts";

/** What a test asks of the stack; passed as JSON when the stack runs in a process of its own. */
export interface TestStack {
  folder: string;
  kubeconfig: string;
  pulumiBinary: string;
  operation: StackOperation;
  /** The ConfigMap's data. Another value replaces the ConfigMap and the Job that refers to it. */
  value?: string;
  /** The Secret's value. */
  secret?: string;
  /** Adds a Deployment that is waited for. Without a kubelet it's never ready. */
  waits?: boolean;
  stateSaving?: StateSaving;
}

export const NAMESPACE = "engine-test";

/** One of everything that is of interest: a namespace, a Secret, a ConfigMap, a Job that mounts it, a NodePatch. */
export function testProgram(test: TestStack): pulumi.automation.PulumiFn {
  return async () => {
    const { kubeconfig, value = "1", waits } = test;
    const args = { kubeconfig: pulumi.secret(kubeconfig), clusterIdentifier: "test", enableSecretMutable: true };
    const options = { provider: new kubernetes.Provider("cluster", args) };
    const { metadata } = new kubernetes.core.v1.Namespace("home", { metadata: { name: NAMESPACE } }, options);
    const namespace = metadata.name;
    const stringData = { KEY: pulumi.secret(test.secret ?? "sentinel-one") };
    new kubernetes.core.v1.Secret("env", { metadata: { name: "env", namespace }, stringData }, options);
    const spec = new kubernetes.core.v1.ConfigMap("spec", { metadata: { namespace }, data: { value } }, options);
    const volumes = [{ name: "spec", configMap: { name: spec.metadata.name } }];
    const pod = { restartPolicy: "Never", containers: [{ name: "c", image: "x:1" }], volumes };
    const annotations = { "pulumi.com/skipAwait": "true" };
    const job = new kubernetes.batch.v1.Job("run", { metadata: { namespace, annotations }, spec: { template: { spec: pod } } }, options);
    new kubernetes.core.v1.NodePatch("node", { metadata: { name: "test-node", labels: { pool: "gpu" } } }, options);
    if (waits) {
      const labels = { app: "slow" };
      const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "x:1" }] } };
      new kubernetes.apps.v1.Deployment("slow", { metadata: { name: "slow", namespace }, spec: { selector: { matchLabels: labels }, template } }, options);
    }
    return { job: job.metadata.name, hidden: pulumi.secret("sentinel-output") };
  };
}

export function testOptions(test: TestStack, progress: (line: string) => void, signal: AbortSignal): StackOptions {
  return {
    ...engineIn(test.folder, test.pulumiBinary),
    operation: test.operation,
    program: testProgram(test),
    stackName: "test",
    removeStack: true,
    ...(test.stateSaving && { stateSaving: test.stateSaving }),
    progress,
    signal,
  };
}

export function runTestStack(test: TestStack, progress: (line: string) => void = () => {}, signal = new AbortController().signal): Promise<StackResult> {
  return runStack(testOptions(test, progress, signal));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const test = JSON.parse(process.argv[2]!) as TestStack;
  await runTestStack(test, (line) => console.log(line));
}
