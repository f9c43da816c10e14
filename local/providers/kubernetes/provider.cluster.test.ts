import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ResourceLog } from "../protocol/engineLog.ts";
import { InitFailure } from "../protocol/initFailure.ts";
import { plain, type PropertyMap, secret, UNKNOWN } from "../protocol/propertyValues.ts";
import { type ControlPlane, startControlPlane } from "../testControlPlane.ts";
import { at, type Manifest, stringAt } from "./manifest.ts";
import { KubernetesProvider } from "./provider.ts";

let plane: ControlPlane;
let core: CoreV1Api;
let apps: AppsV1Api;
let provider: KubernetesProvider;
let statuses: string[];
let namespace: string;
let count = 0;

const log: ResourceLog = { log: () => {}, status: (_, message) => void statuses.push(message) };
const TYPES: Record<string, string> = { "v1": "core/v1" };
const typeOf = ({ apiVersion, kind }: Manifest, patch = false) =>
  `kubernetes:${TYPES[String(apiVersion)] ?? apiVersion}:${kind}${patch ? "Patch" : ""}`;

const configure = async (more: PropertyMap = {}) => {
  const made = new KubernetesProvider("0.0.0", log);
  await made.configure({ kubeconfig: plane.kubeconfig, namespace, ...more });
  return made;
};

/** What the engine does for a new resource: check, then create. */
async function create(manifest: Manifest, options: { patch?: boolean; timeout?: number; preview?: boolean; by?: KubernetesProvider } = {}) {
  const by = options.by ?? provider;
  const type = typeOf(manifest, options.patch);
  const request = { urn: "urn", type, name: "thing", olds: undefined, news: manifest, randomSeed: new Uint8Array([++count]), autonaming: undefined };
  const { inputs, failures } = await by.check(request);
  expect(failures).toEqual([]);
  const made = await by.create({ urn: "urn", type, inputs, timeoutSeconds: options.timeout ?? 0, preview: options.preview ?? false });
  return { ...made, inputs, type, live: plain(made.properties) };
}

async function update(made: { id: string; type: string; properties: PropertyMap; inputs: PropertyMap }, news: Manifest, preview = false) {
  const request = { urn: "urn", type: made.type, name: "thing", olds: made.inputs, news, randomSeed: new Uint8Array(), autonaming: undefined };
  const { inputs } = await provider.check(request);
  const properties = await provider.update({
    ...{ urn: "urn", type: made.type, id: made.id, olds: made.properties, oldInputs: made.inputs, news: inputs },
    ...{ timeoutSeconds: 0, ignoreChanges: [], preview },
  });
  return { ...made, properties, inputs, live: plain(properties) };
}

const remove = (made: { id: string; type: string; properties: PropertyMap }, timeoutSeconds = 0) =>
  provider.delete({ urn: "urn", type: made.type, id: made.id, state: made.properties, timeoutSeconds });
const refresh = (made: { id: string; type: string; properties: PropertyMap; inputs: PropertyMap }) =>
  provider.read({ urn: "urn", type: made.type, id: made.id, state: made.properties, inputs: made.inputs });

const configMap = (data: PropertyMap, metadata: PropertyMap = {}): Manifest => ({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
const deployment = (name: string, spec: PropertyMap = {}): Manifest => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "x:1" }] } },
    ...spec,
  },
});

/** Plays the kubelet: gives every pod of a Deployment this status. */
async function setPodStatus(app: string, status: V1Pod["status"]): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` });
    for (const { metadata } of items) {
      const pod = await core.readNamespacedPodStatus({ namespace, name: metadata!.name! });
      await core.replaceNamespacedPodStatus({ namespace, name: metadata!.name!, body: { ...pod, status: { ...pod.status, ...status } } });
    }
    if (items.length > 0) return;
    await sleep(100);
  }
  throw new Error(`no pod of ${app}`);
}
const READY: V1Pod["status"] = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };

beforeAll(async () => {
  plane = await startControlPlane();
  core = plane.config.makeApiClient(CoreV1Api);
  apps = plane.config.makeApiClient(AppsV1Api);
});
afterAll(() => plane.stop());

beforeEach(async () => {
  statuses = [];
  namespace = `test-${++count}`;
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  provider = await configure();
});

describe("an update", () => {
  test("applies under the object's own field manager, so that a field left out is removed though a create set it", async () => {
    const made = await create(configMap({ a: "1", b: "2" }));
    expect(at(made.live, "metadata", "managedFields", "0") ?? JSON.stringify(made.live)).toContain('"manager":"pulumi-kubernetes"');
    const updated = await update(made, configMap({ a: "3" }));
    expect(updated.live.data).toEqual({ a: "3" });
    const managers = JSON.stringify(at(updated.live, "metadata", "managedFields"));
    expect(managers).toMatch(/"manager":"pulumi-kubernetes-[0-9a-f]{8}","operation":"Apply"/);
    expect(managers).not.toContain('"Update"');
  });

  test("keeps the auto-name", async () => {
    const made = await create(configMap({ a: "1" }));
    const updated = await update(made, configMap({ a: "2" }));
    expect(stringAt(updated.live, "metadata", "name")).toBe(stringAt(made.live, "metadata", "name"));
    expect(made.id).toBe(`${namespace}/${stringAt(made.live, "metadata", "name")}`);
  });

  test("leaves other managers' fields alone and stops at a conflict, unless the object says patchForce", async () => {
    const made = await create(configMap({ a: "1" }));
    const name = stringAt(made.live, "metadata", "name")!;
    const ours = await update(made, configMap({ a: "2" }));
    await core.patchNamespacedConfigMap({ namespace, name, fieldManager: "other", body: [{ op: "add", path: "/data/a", value: "theirs" }, { op: "add", path: "/data/z", value: "1" }] });
    await expect(update(ours, configMap({ a: "4" }))).rejects.toThrow(/conflict with "other".*\n.*pulumi.com\/patchForce/);
    const forced = await update(ours, configMap({ a: "4" }, { annotations: { "pulumi.com/patchForce": "true" } }));
    expect(forced.live.data).toEqual({ a: "4", z: "1" });
  });
});

describe("a create", () => {
  test("of an object that exists is an error with a way out, and upsertExistingObjects applies onto it", async () => {
    await create(configMap({ a: "1" }, { name: "taken" }));
    await expect(create(configMap({ a: "2" }, { name: "taken" }))).rejects.toThrow(/already exists[^]*pulumi import/);
    const by = await configure({ upsertExistingObjects: "true" });
    await expect(create(configMap({ b: "2" }, { name: "taken" }), { by })).resolves.toMatchObject({ live: { data: { a: "1", b: "2" } } });
  });

  test("that the server refuses names the field", async () => {
    const bad = deployment("web", { replicas: -1 });
    await expect(create(bad)).rejects.toThrow(new RegExp(`Deployment ${namespace}/web can't be created:[^]*spec.replicas`));
  });

  test("waits for a namespace that comes a little later", async () => {
    const later = `${namespace}-later`;
    setTimeout(() => void core.createNamespace({ body: { metadata: { name: later } } }), 1500);
    const made = await create(configMap({ a: "1" }, { name: "x", namespace: later }));
    expect(made.id).toBe(`${later}/x`);
  });

  test("keeps a Secret's data secret in the state, whatever the program said", async () => {
    const made = await create({ apiVersion: "v1", kind: "Secret", metadata: { name: "env" }, stringData: { KEY: "sentinel" } });
    const data = secret({ KEY: Buffer.from("sentinel").toString("base64") });
    expect(made.properties).toMatchObject({ data, __inputs: { data } });
    expect(made.inputs).toMatchObject({ data });
  });
});

describe("a preview", () => {
  test("asks the server, and keeps nothing", async () => {
    const made = await create(deployment("web"), { preview: true });
    expect(made.id).toBe("");
    expect(at(made.live, "spec", "progressDeadlineSeconds")).toBe(600);
    expect(made.live.status).toBeUndefined();
    await expect(apps.readNamespacedDeployment({ namespace, name: "web" })).rejects.toMatchObject({ code: 404 });
  });

  test("shows what is invalid before anything is made", async () => {
    await expect(create(deployment("web", { replicas: -1 }), { preview: true })).rejects.toThrow("spec.replicas");
  });

  test.each([
    ["with unknown values", configMap({ a: UNKNOWN })],
    ["in a namespace that the same update makes", configMap({ a: "1" }, { name: "x", namespace: "not-yet" })],
  ])("%s, shows the inputs", async (_, manifest) => {
    const made = await create(manifest, { preview: true });
    expect(made.properties).toEqual(made.inputs);
  });

  test("of an update shows the server's answer, and changes nothing", async () => {
    const made = await create(configMap({ a: "1" }));
    const updated = await update(made, configMap({ a: "2" }), true);
    expect(updated.live.data).toEqual({ a: "2" });
    const { data } = await core.readNamespacedConfigMap({ namespace, name: made.id.split("/")[1]! });
    expect(data).toEqual({ a: "1" });
  });

  test("goes on without the cluster when it doesn't answer, and the real thing doesn't", async () => {
    const kubeconfig = plane.kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, "https://127.0.0.1:1");
    const by = await configure({ kubeconfig });
    const made = await create(configMap({ a: "1" }), { preview: true, by });
    expect(made.properties).toEqual(made.inputs);
    await expect(create(configMap({ a: "1" }), { by })).rejects.toThrow(/cluster can't be reached: .*127\.0\.0\.1:1/);
  });
});

describe("a Deployment", () => {
  test("is waited for until its pods are ready", async () => {
    const making = create(deployment("web"));
    await expect.poll(() => statuses.at(-1), { timeout: 20_000 }).toBe("waiting: 0 of 1 pods ready");
    await setPodStatus("web", READY);
    expect(at((await making).live, "status", "readyReplicas")).toBe(1);
  });

  test("that stops progressing fails with the reason and its pods' states, and is recorded", async () => {
    const making = create(deployment("web", { progressDeadlineSeconds: 2 })).catch((error: unknown) => error);
    const state = { waiting: { reason: "ImagePullBackOff", message: "no such image" } };
    await setPodStatus("web", { phase: "Pending", containerStatuses: [{ name: "c", image: "x:1", imageID: "", ready: false, restartCount: 0, state }] });
    const failure = (await making) as InitFailure;
    expect(failure).toBeInstanceOf(InitFailure);
    expect(failure.message).toMatch(/Deployment test-\d+\/web has failed: \[ProgressDeadlineExceeded\]/);
    expect(failure.reasons.join("\n")).toMatch(/container c: \[ImagePullBackOff\] no such image/);
    expect(failure.reasons.at(-1)).toContain(`kubectl --namespace ${namespace} describe deployment web`);
    expect(failure).toMatchObject({ id: `${namespace}/web`, properties: { kind: "Deployment" } });
  });

  test("is not waited for with skipAwait, on create or on delete", async () => {
    const web = deployment("web");
    const made = await create({ ...web, metadata: { name: "web", annotations: { "pulumi.com/skipAwait": "true" }, finalizers: ["test.dev/hold"] } });
    expect(at(made.live, "status", "readyReplicas")).toBeUndefined();
    await remove(made);
    const left = await apps.readNamespacedDeployment({ namespace, name: "web" });
    expect(left.metadata!.deletionTimestamp).toBeDefined();
    await apps.patchNamespacedDeployment({ namespace, name: "web", body: [{ op: "remove", path: "/metadata/finalizers" }] });
  });

  test("that isn't ready in time is recorded, and an update that makes it ready succeeds", async () => {
    const failure = (await create(deployment("web"), { timeout: 1 }).catch((error: unknown) => error)) as InitFailure;
    expect(failure.message).toMatch(/isn't ready after 1 s/);
    const made = { id: failure.id, type: "kubernetes:apps/v1:Deployment", properties: failure.properties, inputs: deployment("web") };
    const making = update(made, deployment("web"));
    await setPodStatus("web", READY);
    expect(at((await making).live, "status", "readyReplicas")).toBe(1);
  });

  test("that is being waited for when the user cancels is recorded", async () => {
    const making = create(deployment("web")).catch((error: unknown) => error);
    await setPodStatus("web", { phase: "Pending" });
    provider.cancel();
    expect(await making).toMatchObject({ name: "InitFailure", message: expect.stringContaining("was cancelled (it exists)") });
  });
});

describe("a Service", () => {
  const service = (spec: PropertyMap): Manifest => ({ apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }], ...spec } });

  test("waits for the pods behind it", async () => {
    await create({ ...deployment("web"), metadata: { name: "web", annotations: { "pulumi.com/skipAwait": "true" } } });
    await setPodStatus("web", { phase: "Running", podIP: "10.0.0.9", podIPs: [{ ip: "10.0.0.9" }], conditions: [{ type: "Ready", status: "False" }] });
    const making = create(service({ selector: { app: "web" } }));
    const isEarly = await Promise.race([making.then(() => true), sleep(3000, false)]);
    expect(isEarly).toBe(false);
    await setPodStatus("web", READY);
    await expect(making).resolves.toMatchObject({ id: `${namespace}/web` });
  });

  test("without a selector is ready at once", async () => {
    const started = performance.now();
    await create(service({}));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test("a Job that fails is an error with the reason, and is recorded", async () => {
  const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "run" }, spec: { activeDeadlineSeconds: 1, template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "x:1" }] } } } };
  const failure = await create(job).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "InitFailure", id: `${namespace}/run`, message: expect.stringContaining("[DeadlineExceeded]") });
});

describe("a delete", () => {
  test("waits until the object is gone, and says what holds it when it isn't in time", async () => {
    const made = await create(configMap({ a: "1" }, { name: "held", finalizers: ["test.dev/hold"] }));
    const failure = await remove(made, 1).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "InitFailure", message: expect.stringContaining("finalizers: test.dev/hold") });
    setTimeout(() => void core.patchNamespacedConfigMap({ namespace, name: "held", body: [{ op: "remove", path: "/metadata/finalizers" }] }), 500);
    await remove(made);
    await expect(core.readNamespacedConfigMap({ namespace, name: "held" })).rejects.toMatchObject({ code: 404 });
    await remove(made);
  });

  test("goes through the dependants first", async () => {
    const making = create(deployment("web"));
    await setPodStatus("web", READY);
    await remove(await making);
    const { items } = await core.listNamespacedPod({ namespace });
    expect(items).toEqual([]);
  });
});

describe("a refresh", () => {
  test("shows what somebody changed, and nothing else", async () => {
    const made = await create(configMap({ a: "1", b: "2" }));
    await core.patchNamespacedConfigMap({ namespace, name: made.id.split("/")[1]!, body: [{ op: "replace", path: "/data/a", value: "drift" }] });
    const read = await refresh(made);
    expect(plain(read!.inputs).data).toEqual({ a: "drift", b: "2" });
    expect(plain(read!.inputs).metadata).toEqual(plain(made.inputs).metadata);
  });

  test("finds that an object is gone", async () => {
    const made = await create(configMap({ a: "1" }));
    await remove(made);
    expect(await refresh(made)).toBeUndefined();
  });

  test("of a workload that isn't ready records that", async () => {
    const making = create(deployment("web"));
    await setPodStatus("web", READY);
    const made = await making;
    await setPodStatus("web", { phase: "Running", conditions: [{ type: "Ready", status: "False" }] });
    await expect.poll(() => refresh(made).then(() => "ready", (error: unknown) => (error as Error).name), { timeout: 20_000 }).toBe("InitFailure");
  });
});

describe("a NodePatch", () => {
  const patch = (name: string, labels: PropertyMap): Manifest => ({ apiVersion: "v1", kind: "Node", metadata: { name, labels } });

  test("sets its fields, changes them in place, and gives them up on delete", async () => {
    const name = `node-${namespace}`;
    await core.createNode({ body: { metadata: { name, labels: { mine: "1" } } } });
    const made = await create(patch(name, { pool: "gpu" }), { patch: true });
    const updated = await update(made, patch(name, { pool: "cpu" }));
    expect(at(updated.live, "metadata", "labels")).toEqual({ mine: "1", pool: "cpu" });
    await remove(updated);
    const node = await core.readNode({ name });
    expect(node.metadata!.labels).toEqual({ mine: "1" });
  });

  test("doesn't take another manager's field unless told to", async () => {
    const name = `node-${namespace}`;
    await core.createNode({ fieldManager: "admin", body: { metadata: { name, labels: { pool: "theirs" } } } });
    await expect(create(patch(name, { pool: "ours" }), { patch: true })).rejects.toThrow(/conflict with "admin"/);
    const forced = { ...patch(name, { pool: "ours" }), metadata: { name, labels: { pool: "ours" }, annotations: { "pulumi.com/patchForce": "true" } } };
    await expect(create(forced, { patch: true })).resolves.toMatchObject({ id: name });
  });
});

test("with deleteUnreachable, what was in a cluster that is gone counts as gone", async () => {
  const made = await create(configMap({ a: "1" }));
  const kubeconfig = plane.kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, "https://127.0.0.1:1");
  provider = await configure({ kubeconfig });
  await expect(remove(made)).rejects.toThrow("PULUMI_K8S_DELETE_UNREACHABLE");
  provider = await configure({ kubeconfig, deleteUnreachable: "true" });
  expect(await refresh(made)).toBeUndefined();
  await expect(remove(made)).resolves.toBeUndefined();
});
