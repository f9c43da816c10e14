import type { Container, PodSpec } from "./types.ts";

/** User and group of every program here. */
export const USER_ID = 1000;

/** What the API server's "restricted" level asks of a pod; its own API token is of no use to any program here. */
export function restrictedPod(): Pick<PodSpec, "securityContext" | "automountServiceAccountToken" | "enableServiceLinks"> {
  return {
    automountServiceAccountToken: false,
    // Links would put a PORT-like variable for every Service into every pod, over the programs' own settings.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true, runAsUser: USER_ID, runAsGroup: USER_ID, fsGroup: USER_ID, seccompProfile: { type: "RuntimeDefault" },
    },
  };
}

/** What the "restricted" level asks of a container, and a root file system that nobody writes. */
export function restrictedContainer(): Pick<Container, "securityContext"> {
  return { securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } } };
}

/**
 * Root with the one capability to change an owner: for the container that gives a node's folder to the pod's user. The
 * kubelet makes such folders as root's, and fsGroup does not reach hostPath volumes.
 */
export function ownerChangingContainer(): Pick<Container, "securityContext"> {
  return {
    securityContext: {
      runAsNonRoot: false, runAsUser: 0, runAsGroup: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["CHOWN"] },
    },
  };
}
