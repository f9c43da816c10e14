import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labelsOf, PORTS, RESULTS_CLAIM, resultsNamespaceOf, STORE } from "./names.ts";
import { resultsPolicies } from "./network/resultsPolicies.ts";
import type { GpuPool } from "./nodePool/gpu.ts";
import { plainEnv } from "./pod/env.ts";
import { cpuPlacement, resourcesOf } from "./pod/placement.ts";
import { serverProbes } from "./pod/probes.ts";
import { restrictedContainer } from "./pod/security.ts";
import { deploymentOf, mounted, type Server, serviceOf, timeoutsOf } from "./pod/server.ts";
import { scratch } from "./pod/volumes.ts";

export interface ResultsStoreArgs {
  stack: string;
  /** With a digest. */
  image: pulumi.Input<string>;
  pool: GpuPool;
  /** Of the claim, for example 20Gi. */
  size: string;
  /** The cluster's default class if left out. */
  storageClass?: string | undefined;
  /** What opens the store; a secret output. */
  key: pulumi.Input<string>;
}

const READY_WITHIN_MINUTES = 10;
/** It streams files from and to a disk. */
const RESOURCES = { cpu: "50m", memory: "256Mi" };
const KEY = "RESULTS_API_KEY";

/**
 * What the runs of a stack leave, on a claim in a namespace of its own, behind a small server.
 *
 * A teardown leaves all of it in the cluster, since the teardown may be what loses the results: `rewardlab collect`
 * copies them and then removes the namespace. So the next update may find it there. Its provider must take existing objects
 * over (clusterProvider's `adopts`), and every object names one field manager, by which the API server knows its fields again.
 */
export class ResultsStore extends pulumi.ComponentResource {
  constructor(name: string, args: ResultsStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:results:Store", name, {}, opts);
    const { stack, size, storageClass, key } = args;
    const kept = { parent: this, retainOnDelete: true };
    const metadata = { labels: labelsOf({ stack, part: "store" }), annotations: { "pulumi.com/patchFieldManager": "rewardlab-results" } };
    const home = new k8s.core.v1.Namespace(`${name}-namespace`, {
      metadata: { ...metadata, name: resultsNamespaceOf(stack), labels: { ...metadata.labels, "pod-security.kubernetes.io/enforce": "restricted" } },
    }, kept);
    const namespace = home.metadata.name;
    const policies = resultsPolicies(stack).map((policy) => new k8s.networking.v1.NetworkPolicy(`${name}-${policy.name}`, { metadata: { ...metadata, name: policy.name, namespace }, spec: policy.spec }, kept));
    const secret = new k8s.core.v1.Secret(`${name}-key`, { metadata: { ...metadata, name: STORE, namespace }, stringData: { [KEY]: key } }, kept);
    const claim = new k8s.core.v1.PersistentVolumeClaim(`${name}-claim`, {
      // Bound, in most clusters, when the pod that uses it is placed: that pod is what is waited for.
      metadata: { ...metadata, name: RESULTS_CLAIM, namespace, annotations: { ...metadata.annotations, "pulumi.com/skipAwait": "true" } },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: size } }, ...(storageClass && { storageClassName: storageClass }) },
    }, kept);

    const server: Server = { name: STORE, namespace, stack, part: "store", port: PORTS.store };
    const [deployment, service] = [deploymentOf(server, podOf(args), READY_WITHIN_MINUTES), serviceOf(server)];
    new k8s.apps.v1.Deployment(`${name}-deployment`, { ...deployment, metadata: { ...deployment.metadata, annotations: metadata.annotations } },
      { ...kept, dependsOn: [...policies, secret, claim], customTimeouts: timeoutsOf(READY_WITHIN_MINUTES) });
    new k8s.core.v1.Service(`${name}-service`, { ...service, metadata: { ...service.metadata, annotations: metadata.annotations } }, kept);
    this.registerOutputs({});
  }
}

function podOf({ image, pool }: ResultsStoreArgs) {
  const { volumes, volumeMounts } = mounted([
    ...scratch(),
    { volume: { name: "results", persistentVolumeClaim: { claimName: RESULTS_CLAIM } }, mount: { name: "results", mountPath: "/results" } },
    // A file, not a variable: a rotated key reaches the store that runs.
    { volume: { name: "key", secret: { secretName: STORE } }, mount: { name: "key", mountPath: "/keys", readOnly: true } },
  ]);
  return {
    ...cpuPlacement(pool),
    volumes,
    containers: [{
      name: STORE,
      image,
      ports: [{ name: "http", containerPort: PORTS.store }],
      env: plainEnv({ PORT: String(PORTS.store), RESULTS_DIR: "/results", RESULTS_KEY_FILE: `/keys/${KEY}` }),
      resources: resourcesOf(RESOURCES),
      volumeMounts,
      ...serverProbes({ port: PORTS.store, health: "/health", ready: "/health", readyWithinMinutes: READY_WITHIN_MINUTES }),
      ...restrictedContainer(),
    }],
  };
}
