import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { LABEL, labelsOf, type Part } from "../names.ts";
import { restrictedPod } from "./security.ts";
import type { PodSpec } from "./types.ts";
import type { Mounted } from "./volumes.ts";

/** A program that serves one port, once. */
export interface Server {
  /** Name of its Deployment and Service: its DNS name in the namespace. */
  name: string;
  namespace: Input<string>;
  stack: string;
  part: Part;
  pair?: string;
  /** The pair's place on its node. */
  slot?: string;
  port: number;
}

type Args<T> = Required<Pick<T, Extract<keyof T, "metadata" | "spec">>>;

const labels = ({ stack, part, pair }: Server) => labelsOf({ stack, part, ...(pair && { pair }) });
const podLabels = (server: Server) => ({ ...labels(server), ...(server.slot && { [LABEL.slot]: server.slot }) });
const selector = ({ part, pair }: Server) => ({ [LABEL.part]: part, ...(pair && { [LABEL.pair]: pair }) });
const metadata = (server: Server) => ({ name: server.name, namespace: server.namespace, labels: labels(server) });

/**
 * The Deployment of a server. It is replaced by ending the old pod first, since a new one would wait for the GPU that
 * the old one holds. It counts as failed when it is not ready in time, not before: an image pull or a model load may
 * take longer than the default of ten minutes.
 */
export function deploymentOf(server: Server, pod: PodSpec, readyWithinMinutes: number): Args<k8s.apps.v1.DeploymentArgs> {
  return {
    metadata: metadata(server),
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      progressDeadlineSeconds: readyWithinMinutes * 60,
      selector: { matchLabels: selector(server) },
      template: { metadata: { labels: podLabels(server) }, spec: { ...restrictedPod(), terminationGracePeriodSeconds: 15, ...pod } },
    },
  };
}

/** Longer than the cluster's own deadline, so that it is the cluster that says what went wrong. */
export function timeoutsOf(readyWithinMinutes: number): { create: string; update: string } {
  const timeout = `${readyWithinMinutes + 2}m`;
  return { create: timeout, update: timeout };
}

export function serviceOf(server: Server): Args<k8s.core.v1.ServiceArgs> {
  return {
    metadata: metadata(server),
    spec: { type: "ClusterIP", selector: selector(server), ports: [{ name: "http", port: server.port, targetPort: server.port }] },
  };
}

/** Volumes of a pod and the places of its main container for them. */
export function mounted(all: readonly Mounted[]): { volumes: Mounted["volume"][]; volumeMounts: Mounted["mount"][] } {
  return { volumes: all.map(({ volume }) => volume), volumeMounts: all.map(({ mount }) => mount) };
}
