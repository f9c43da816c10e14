import type { Planned } from "./planned.ts";

/** Objects that no rule has anything against, for tests to spoil. */

const DIGEST = `registry.test/image@sha256:${"0".repeat(64)}`;
const LABELS = { "app.kubernetes.io/managed-by": "rewardlab", "rewardlab.dev/stack": "dev" };

/** A Deployment of one part of a stack, with `gpus` GPUs. */
export function deployment(part = "task-app", gpus = 0): Planned {
  const gpu: Record<string, unknown> = gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {};
  const labels = { ...LABELS, "rewardlab.dev/part": part };
  return {
    type: "kubernetes:apps/v1:Deployment",
    name: `${part}-deployment`,
    props: {
      metadata: { name: part, labels },
      spec: {
        replicas: 1,
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
            volumes: [{ name: "tmp", emptyDir: {} }],
            containers: [{
              name: "main", image: DIGEST,
              env: [{ name: "MAX_TOKENS", value: "80" }, { name: "API_KEY", valueFrom: { secretKeyRef: { name: "rewardlab-env", key: "API_KEY" } } }],
              resources: { requests: { cpu: "1", memory: "1Gi", ...gpu }, limits: { memory: "1Gi", ...gpu } },
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
            }],
          },
        },
      },
    },
  };
}

export const podOf = ({ props }: Planned): Record<string, any> => props["spec"].template.spec;
export const containerOf = (object: Planned): Record<string, any> => podOf(object)["containers"][0];

export const namespace = (gpus: unknown = 2): Planned => ({
  type: "kubernetes:core/v1:Namespace", name: "stack-namespace",
  props: { metadata: { name: "rewardlab-dev", labels: { ...LABELS, "pod-security.kubernetes.io/enforce": "restricted" }, annotations: { "rewardlab.dev/gpu-limit": String(gpus) } } },
});

export const service = (): Planned => ({
  type: "kubernetes:core/v1:Service", name: "task-app-service",
  props: { metadata: { name: "task-app", labels: LABELS }, spec: { type: "ClusterIP", ports: [{ port: 8001 }] } },
});

export const configMap = (data: Record<string, unknown>): Planned =>
  ({ type: "kubernetes:core/v1:ConfigMap", name: "spec", props: { metadata: { labels: LABELS }, data } });

export const secret = (stringData: Record<string, unknown>): Planned =>
  ({ type: "kubernetes:core/v1:Secret", name: "env-secret", props: { metadata: { labels: LABELS }, stringData } });

/** A copy with one change. */
export function changed(object: Planned, change: (copy: Planned) => void): Planned {
  const copy = structuredClone(object);
  change(copy);
  return copy;
}
