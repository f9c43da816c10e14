import { type Manifest, typeOf } from "./manifest.ts";

/** How the provider's configuration bends the rules. */
export interface Mutability {
  secrets: boolean;
  configMaps: boolean;
}

const SELECTOR = ["spec.selector"];

const POD_CONTAINER = [
  "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext",
  "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir",
]
  .join(" ")
  .split(" ")
  .flatMap((field) => [`spec.containers[*].${field}`, `spec.initContainers[*].${field}`]);

const POD_SPEC = [
  "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID",
  "hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates",
  "restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName",
  "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes",
]
  .join(" ")
  .split(" ")
  .map((field) => `spec.${field}`);

const VOLUME_SOURCES = [
  "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath",
  "iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume",
]
  .join(" ")
  .split(" ")
  .map((source) => `spec.${source}`);

/** By type, what the server doesn't let change in place (forceNew in provider/pkg/provider/diff.go). */
const REPLACES: Record<string, string[]> = {
  "apps/v1/DaemonSet": SELECTOR,
  "apps/v1/Deployment": SELECTOR,
  "apps/v1/StatefulSet": [
    ...SELECTOR,
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1/Job": [...SELECTOR, "spec.completions", "spec.parallelism", "spec.template"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/PersistentVolume": VOLUME_SOURCES,
  "v1/PersistentVolumeClaim": [...SELECTOR, "spec.accessModes", "spec.storageClassName", "spec.volumeName"],
  "v1/Pod": [...POD_SPEC, ...POD_CONTAINER],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Secret": ["type"],
  "v1/Service": ["spec.clusterIP"],
};

const IDENTITY = ["metadata.name", "metadata.namespace"];

/** The property paths whose change means a new object. `[*]` stands for any index. */
export function replacePaths(inputs: Manifest, mutable: Mutability): string[] {
  const type = typeOf(inputs);
  const immutable = inputs.immutable === true;
  const rules = [...IDENTITY, ...(REPLACES[type] ?? [])];
  if (type === "v1/Secret" && (immutable || !mutable.secrets)) rules.push("stringData", "data");
  if (type === "v1/ConfigMap" && (immutable || !mutable.configMaps)) rules.push("binaryData", "data");
  return rules;
}

/** For a `…Patch` resource: only another target is another resource. */
export const PATCH_REPLACE_PATHS = IDENTITY;

/** Whether a change at `path` falls under a rule: at it, below it, or above it (a parent that goes takes it along). */
export function isReplaced(path: string, rules: string[]): boolean {
  const steps = splitPath(path);
  return rules.some((rule) => {
    const pattern = splitPath(rule);
    const shared = Math.min(steps.length, pattern.length);
    return pattern.slice(0, shared).every((step, index) => step === "*" || step === steps[index]);
  });
}

/** `spec.a["x.y"][0]` as `["spec", "a", "x.y", "0"]`. */
export function splitPath(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted?.replaceAll('\\"', '"') ?? index ?? plain!,
  );
}
