import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { LABEL, labelsOf, type Part } from "../names.ts";
import { restrictedPod } from "./security.ts";
import type { Turn } from "./turn.ts";
import type { PodSpec } from "./types.ts";
import type { Mounted } from "./volumes.ts";

/** A program that runs once. */
export interface Program {
  /** Name of its Deployment. */
  name: string;
  namespace: Input<string>;
  stack: string;
  part: Part;
  pair?: string;
  /** The pair's place on its node. */
  slot?: string;
  /** Its pods may wait for their turn longer than an update should: the update goes on without them. */
  waits?: boolean;
  /** How its pods wait for their turn. */
  turn?: Turn;
}

/** A program that serves one port; the name of its Deployment is that of its Service too, its DNS name in the namespace. */
export interface Server extends Program {
  port: number;
}

type Args<T> = Required<Pick<T, Extract<keyof T, "metadata" | "spec">>>;

const labels = ({ stack, part, pair }: Program) => labelsOf({ stack, part, ...(pair && { pair }) });
const podMetadata = (program: Program) => ({
  labels: { ...labels(program), ...(program.slot && { [LABEL.slot]: program.slot }), ...program.turn?.labels },
  ...(Object.keys(program.turn?.annotations ?? {}).length > 0 && { annotations: program.turn!.annotations }),
});
const selector = ({ part, pair }: Program) => ({ [LABEL.part]: part, ...(pair && { [LABEL.pair]: pair }) });
const metadata = (program: Program, awaited: boolean) => ({
  name: program.name, namespace: program.namespace, labels: labels(program), ...(!awaited && { annotations: { "pulumi.com/skipAwait": "true" } }),
});

/** The API's word for a Deployment that may take as long as it does. */
const NO_DEADLINE = 2 ** 31 - 1;

/**
 * The Deployment of a program. It is replaced by ending the old pod first, since a new one would wait for the GPU that
 * the old one holds. It counts as failed when it is not ready in time, not before: an image pull or a model load may
 * take longer than the default of ten minutes. To wait at a gate is no lack of progress: there only an update's own time limit counts.
 *
 * It does not say how many pods it wants: one is the API's default, and none is what the pair controller sets where a pair has
 * nothing to run. A field that the program had set would be put back by the next update of anything else.
 */
export function deploymentOf(program: Program, pod: PodSpec, readyWithinMinutes: number): Args<k8s.apps.v1.DeploymentArgs> {
  return {
    metadata: metadata(program, !program.waits),
    spec: {
      strategy: { type: "Recreate" },
      progressDeadlineSeconds: program.turn?.gated ? NO_DEADLINE : readyWithinMinutes * 60,
      selector: { matchLabels: selector(program) },
      template: { metadata: podMetadata(program), spec: { ...restrictedPod(), terminationGracePeriodSeconds: 15, ...program.turn?.spec, ...pod } },
    },
  };
}

/** Longer than the cluster's own deadline, so that it is the cluster that says what went wrong. */
export function timeoutsOf(readyWithinMinutes: number): { create: string; update: string } {
  const timeout = `${readyWithinMinutes + 2}m`;
  return { create: timeout, update: timeout };
}

/** The Service of a server. That of a pair is not waited for: a pair that has given its GPUs back has no pod behind it. */
export function serviceOf(server: Server): Args<k8s.core.v1.ServiceArgs> {
  return {
    metadata: metadata(server, server.pair === undefined),
    spec: { type: "ClusterIP", selector: selector(server), ports: [{ name: "http", port: server.port, targetPort: server.port }] },
  };
}

/** Volumes of a pod and the places of its main container for them. */
export function mounted(all: readonly Mounted[]): { volumes: Mounted["volume"][]; volumeMounts: Mounted["mount"][] } {
  return { volumes: all.map(({ volume }) => volume), volumeMounts: all.map(({ mount }) => mount) };
}
