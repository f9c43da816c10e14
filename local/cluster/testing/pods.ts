import { dirname } from "node:path";
import type { Kubectl } from "../kubectl.ts";
import { waitFor } from "../node.ts";
import { PAUSE_IMAGE } from "../pauseImage.ts";

interface PodOptions {
  /** Code for this machine's Node.js, which is mounted into the pod; without it the pod does nothing. */
  code?: string;
  gpus?: number;
  /** Port of the machine that leads to the pod's port 8080. */
  hostPort?: number;
  image?: string;
  restartPolicy?: string;
}

/** A pod from the pause image with the machine's own programs mounted, so that no image has to be built. */
export function pod(name: string, options: PodOptions): object {
  const { code, gpus = 0, hostPort, image = PAUSE_IMAGE, restartPolicy = "Always" } = options;
  const folders = { usr: "/usr", lib: "/usr/lib", lib64: "/usr/lib64", node: dirname(process.execPath) };
  const mounts = { usr: "/usr", lib: "/lib", lib64: "/lib64", node: "/node" };
  const container = {
    name: "main",
    image,
    ...(code === undefined ? {} : { command: ["/node/node", "-e", code] }),
    ports: hostPort === undefined ? [] : [{ containerPort: 8080, hostPort }],
    resources: gpus > 0 ? { limits: { "nvidia.com/gpu": String(gpus) } } : {},
    volumeMounts: Object.entries(mounts).map(([volume, mountPath]) => ({ name: volume, mountPath, readOnly: true })),
  };
  const volumes = Object.entries(folders).map(([volume, path]) => ({ name: volume, hostPath: { path } }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      restartPolicy,
      containers: [container],
      volumes,
    },
  };
}

/** A Service on port 80 before a pod's port 8080. */
export function service(name: string): object {
  const spec = { selector: { name }, ports: [{ port: 80, targetPort: 8080 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
}

export async function apply(kubectl: Kubectl, ...items: object[]): Promise<void> {
  // The account of a new namespace comes a moment after the API server is ready.
  const account = () => kubectl(["get", "serviceaccount", "default"]).then(() => "");
  const ctx = { progress: () => undefined, signal: AbortSignal.timeout(60_000) };
  await waitFor("the default service account", 30, account, ctx);
  await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

/** Waits until a pod is in a phase (`Running`, `Succeeded`…). */
export async function inPhase(kubectl: Kubectl, name: string, phase: string): Promise<void> {
  const ctx = { progress: () => undefined, signal: AbortSignal.timeout(90_000) };
  const now = async () => {
    const found = await kubectl(["get", "pod", name, "-o", "jsonpath={.status.phase}"]);
    return found === phase ? "" : `it is ${found}`;
  };
  await waitFor(`pod ${name} in phase ${phase}`, 60, now, ctx);
}

/** One field of a pod, by JSON path. */
export function field(kubectl: Kubectl, name: string, path: string): Promise<string> {
  return kubectl(["get", "pod", name, "-o", `jsonpath={${path}}`]);
}
