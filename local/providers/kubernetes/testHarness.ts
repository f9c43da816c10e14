import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import type { ResourceLog } from "../protocol/engineLog.ts";
import { plain, type PropertyMap } from "../protocol/propertyValues.ts";
import { type ControlPlane, startControlPlane } from "../testControlPlane.ts";
import { patchPodStatus } from "../testPodStatus.ts";
import type { Manifest } from "./manifest.ts";
import { KubernetesProvider } from "./provider.ts";

/** A resource as the engine remembers it. */
export interface Made {
  id: string;
  type: string;
  properties: PropertyMap;
  inputs: PropertyMap;
}

export interface Done extends Made {
  /** The properties without secret wrappers. */
  live: PropertyMap;
}

interface CreateOptions {
  patch?: boolean;
  timeout?: number;
  preview?: boolean;
  by?: KubernetesProvider;
}

export const READY: V1Pod["status"] = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };

/** The provider on a real API server, called as the engine calls it. Every test gets a namespace of its own. */
export class Harness {
  readonly plane: ControlPlane;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  provider!: KubernetesProvider;
  namespace = "";
  /** What the provider said it was doing. */
  statuses: string[] = [];
  #count = 0;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.core = plane.config.makeApiClient(CoreV1Api);
    this.apps = plane.config.makeApiClient(AppsV1Api);
  }

  static async start(): Promise<Harness> {
    return new Harness(await startControlPlane());
  }

  async fresh(): Promise<void> {
    this.statuses = [];
    this.namespace = `test-${++this.#count}`;
    await this.core.createNamespace({ body: { metadata: { name: this.namespace } } });
    this.provider = await this.configure();
  }

  async configure(more: PropertyMap = {}): Promise<KubernetesProvider> {
    const log: ResourceLog = { log: () => {}, status: (_, message) => void this.statuses.push(message) };
    const made = new KubernetesProvider("0.0.0", log);
    await made.configure({ kubeconfig: this.plane.kubeconfig, namespace: this.namespace, ...more });
    return made;
  }

  /** The kubeconfig with an address at which nothing listens. */
  get unreachable(): string {
    return this.plane.kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, "https://127.0.0.1:1");
  }

  async create(manifest: Manifest, { patch, timeout = 0, preview = false, by = this.provider }: CreateOptions = {}): Promise<Done> {
    const type = typeToken(manifest, patch);
    const seed = { randomSeed: new Uint8Array([++this.#count]), autonaming: undefined };
    const { inputs, failures } = await by.check({ urn: "urn", type, name: "thing", olds: undefined, news: manifest, ...seed });
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    const made = await by.create({ urn: "urn", type, inputs, timeoutSeconds: timeout, preview });
    return { ...made, inputs, type, live: plain(made.properties) };
  }

  async update(made: Made, news: Manifest, preview = false): Promise<Done> {
    const { type, id, properties: olds, inputs: oldInputs } = made;
    const seed = { randomSeed: new Uint8Array(), autonaming: undefined };
    const { inputs } = await this.provider.check({ urn: "urn", type, name: "thing", olds: oldInputs, news, ...seed });
    const options = { timeoutSeconds: 0, ignoreChanges: [], preview };
    const properties = await this.provider.update({ urn: "urn", type, id, olds, oldInputs, news: inputs, ...options });
    return { ...made, properties, inputs, live: plain(properties) };
  }

  async remove({ type, id, properties: state }: Made, timeoutSeconds = 0): Promise<void> {
    await this.provider.delete({ urn: "urn", type, id, state, timeoutSeconds });
  }

  async refresh({ type, id, properties: state, inputs }: Made) {
    return this.provider.read({ urn: "urn", type, id, state, inputs });
  }

  /** Plays the kubelet: gives every pod with this label a status, as soon as there is one. */
  async setPodStatus(app: string, status: V1Pod["status"]): Promise<void> {
    const { core, namespace } = this;
    for (let attempt = 0; attempt < 100; attempt++) {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` });
      for (const pod of items) await patchPodStatus(core, pod, status);
      if (items.length > 0) return;
      await sleep(100);
    }
    throw new Error(`no pod of ${app}`);
  }
}

export function configMap(data: PropertyMap, metadata: PropertyMap = {}): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

export function deployment(name: string, spec: PropertyMap = {}): Manifest {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "x:1" }] } };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec: { selector: { matchLabels: { app: name } }, template, ...spec } };
}

function typeToken({ apiVersion, kind }: Manifest, patch = false): string {
  const group = apiVersion === "v1" ? "core/v1" : String(apiVersion);
  return `kubernetes:${group}:${String(kind)}${patch ? "Patch" : ""}`;
}
