import type { SecretName } from "../config/envKeys.ts";
import type { EnvVar } from "./types.ts";

/** Variables with plain values. */
export function plainEnv(values: Readonly<Record<string, string>>): EnvVar[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** A variable whose value the kubelet takes from the Secret; the value is in no object but that one. */
export function secretEnv(secret: string, key: SecretName, name: string = key): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

/** A variable from the pod's own metadata. */
export function fieldEnv(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

/**
 * Names that programs ask the system for: user 1000 has no entry in an image's user list, and torch's cache folder is
 * called after the user.
 */
export const USER_ENV = { HOME: "/home/rewardlab", USER: "rewardlab", LOGNAME: "rewardlab" } as const;
