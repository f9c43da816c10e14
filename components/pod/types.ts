import type * as k8s from "@pulumi/kubernetes";

/** Short names of the API server's types that pods are made of. */
export type Container = k8s.types.input.core.v1.Container;
export type EnvVar = k8s.types.input.core.v1.EnvVar;
export type PodAffinityTerm = k8s.types.input.core.v1.PodAffinityTerm;
export type PodSpec = k8s.types.input.core.v1.PodSpec;
export type Probe = k8s.types.input.core.v1.Probe;
export type Toleration = k8s.types.input.core.v1.Toleration;
export type Volume = k8s.types.input.core.v1.Volume;
export type VolumeMount = k8s.types.input.core.v1.VolumeMount;

/** Cores that are asked for; memory that is asked for and is the limit. */
export interface Resources {
  cpu: string;
  memory: string;
}
