import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ControllerSettings } from "../images/pair-controller/src/settings.ts";
import { KUEUE } from "./kueue.ts";
import { ANNOTATION, GPU_LEDGER, LABEL, labelsOf, LOCAL_QUEUE, namespaceOf, PAIR_CONTROLLER, trainerName, TURN_GATE, vllmName } from "./names.ts";
import { GPU, type GpuPool } from "./nodePool/gpu.ts";
import { plainEnv, USER_ENV } from "./pod/env.ts";
import { cpuPlacement, PAIR_MEMBERS, resourcesOf } from "./pod/placement.ts";
import { restrictedContainer } from "./pod/security.ts";
import { deploymentOf, mounted, type Program, timeoutsOf } from "./pod/server.ts";
import { scratch } from "./pod/volumes.ts";

export interface PairControllerArgs {
  stack: string;
  namespace: pulumi.Input<string>;
  /** With a digest. */
  image: pulumi.Input<string>;
  pool: GpuPool;
  /** The stack's pairs. */
  pairs: readonly { name: string }[];
  /** Turns are given by Kueue, by the quota of this ClusterQueue; left out: by this program. */
  clusterQueue?: string | undefined;
  /** Nodes of the pool. */
  nodeCount: number;
  /** Longest start of a pair's servers. */
  startMinutes: number;
}

const READY_WITHIN_MINUTES = 10;
/** For the lists of some hundred pairs. */
const RESOURCES = { cpu: "50m", memory: "256Mi" };
/** A pair that has nothing to run gives its GPUs back after so long; with the end of its pods that is under a minute. */
const GRACE_SECONDS = 20;

/**
 * The program that gives GPUs to pairs in turn and takes them back when their runs have ended, from inside of the cluster: nobody
 * has to watch. The one part of a stack that speaks to the API server, with the rights for that and no others. Pairs wait at their
 * gate for it, so they depend on it: where Pulumi waits for as many pairs as it has hands, it would never come to making it.
 */
export class PairController extends pulumi.ComponentResource {
  constructor(name: string, args: PairControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("rewardlab:gpu:PairController", name, {}, opts);
    const self = { parent: this };
    const metadata = { name: PAIR_CONTROLLER, namespace: args.namespace, labels: labelsOf({ stack: args.stack, part: "pair-controller" }) };
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, { metadata, automountServiceAccountToken: false }, self);
    const role = new k8s.rbac.v1.Role(`${name}-role`, { metadata, rules: rulesFor(args.pairs) }, self);
    const binding = new k8s.rbac.v1.RoleBinding(`${name}-binding`, {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: args.namespace }],
    }, self);
    // Its content is the controller's: the bill asks it for pods that are gone.
    const ledger = new k8s.core.v1.ConfigMap(`${name}-ledger`, { metadata: { ...metadata, name: GPU_LEDGER } }, self);
    const program: Program = { name: PAIR_CONTROLLER, namespace: args.namespace, stack: args.stack, part: "pair-controller" };
    new k8s.apps.v1.Deployment(`${name}-deployment`, deploymentOf(program, podOf(args), READY_WITHIN_MINUTES),
      { ...self, dependsOn: [account, binding, ledger], customTimeouts: timeoutsOf(READY_WITHIN_MINUTES) });
    if (args.clusterQueue !== undefined) {
      // A queue cannot move to another ClusterQueue, so it is made anew there.
      new k8s.apiextensions.CustomResource(`${name}-queue`, { ...KUEUE.localQueue, metadata: { ...metadata, name: LOCAL_QUEUE }, spec: { clusterQueue: args.clusterQueue } },
        { ...self, replaceOnChanges: ["spec.clusterQueue"], deleteBeforeReplace: true });
    }
    this.registerOutputs({});
  }
}

/** What the program may do in the stack's namespace: look at its pods and Jobs, open gates, suspend Jobs, and size the pairs. */
function rulesFor(pairs: PairControllerArgs["pairs"]) {
  return [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "patch"] },
    { apiGroups: ["batch"], resources: ["jobs"], verbs: ["list", "patch"] },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
    { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"], resourceNames: pairs.flatMap(({ name }) => [vllmName(name), trainerName(name)]) },
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "patch"], resourceNames: [GPU_LEDGER] },
  ];
}

function settingsOf({ stack, clusterQueue, nodeCount, startMinutes }: PairControllerArgs): ControllerSettings {
  return {
    version: 1, namespace: namespaceOf(stack),
    labels: { pair: LABEL.pair, part: LABEL.part, run: LABEL.run, slot: LABEL.slot },
    members: [...PAIR_MEMBERS], gpuResource: GPU.resource, gate: TURN_GATE, parked: ANNOTATION.parked, ledger: GPU_LEDGER,
    nodes: clusterQueue === undefined ? nodeCount : null, startSeconds: startMinutes * 60, graceSeconds: GRACE_SECONDS,
  };
}

function podOf(args: PairControllerArgs) {
  const { volumes, volumeMounts } = mounted(scratch());
  return {
    ...cpuPlacement(args.pool),
    serviceAccountName: PAIR_CONTROLLER,
    automountServiceAccountToken: true,
    volumes,
    containers: [{
      name: "pair-controller",
      image: args.image,
      env: plainEnv({ ...USER_ENV, CONTROLLER_SETTINGS: JSON.stringify(settingsOf(args)) }),
      resources: resourcesOf(RESOURCES),
      volumeMounts,
      // The file is there after its first round: an update that brings it up learns whether it reaches the API server.
      startupProbe: { exec: { command: ["test", "-f", "/tmp/alive"] }, periodSeconds: 1, failureThreshold: 60 * READY_WITHIN_MINUTES },
      ...restrictedContainer(),
    }],
  };
}
