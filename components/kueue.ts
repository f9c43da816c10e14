/**
 * What Kueue calls things: checked against the source of sigs.k8s.io/kueue v0.17.0, pkg/controller/constants and
 * pkg/controller/jobs/pod/constants.
 */
export const KUEUE = {
  /** The kind of a queue in a namespace; this version of it came with Kueue 0.15. */
  localQueue: { apiVersion: "kueue.x-k8s.io/v1beta2", kind: "LocalQueue" },
  /** Labels of a pod. */
  labels: { queue: "kueue.x-k8s.io/queue-name", group: "kueue.x-k8s.io/pod-group-name" },
  /** Annotations of a pod. */
  annotations: { count: "kueue.x-k8s.io/pod-group-total-count", serving: "kueue.x-k8s.io/pod-group-serving" },
} as const;
