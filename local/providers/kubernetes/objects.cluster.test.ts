import { describe, expect, test } from "vitest";
import { plain, type PropertyMap, secret, UNKNOWN } from "../protocol/propertyValues.ts";
import { at, type Manifest, stringAt } from "./manifest.ts";
import { configMap, deployment } from "./testHarness.ts";
import { apps, configure, core, create, harness, namespace, refresh, remove, update, useHarness } from "./testSetup.ts";

useHarness();

/** Who owns which field of a ConfigMap, as the server has it. */
const managersOf = async ({ live }: { live: PropertyMap }) => JSON.stringify((await core.readNamespacedConfigMap({ namespace, name: stringAt(live, "metadata", "name")! })).metadata!.managedFields);

describe("an update", () => {
  test("applies under the object's own field manager, so that a field left out is removed though a create set it", async () => {
    const made = await create(configMap({ a: "1", b: "2" }));
    expect(await managersOf(made)).toContain('"manager":"pulumi-kubernetes"');
    expect(at(made.live, "metadata", "managedFields")).toBeUndefined();
    const updated = await update(made, configMap({ a: "3" }));
    expect(updated.live.data).toEqual({ a: "3" });
    const managers = await managersOf(updated);
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
    const by = await configure({ kubeconfig: harness.unreachable });
    const made = await create(configMap({ a: "1" }), { preview: true, by });
    expect(made.properties).toEqual(made.inputs);
    await expect(create(configMap({ a: "1" }), { by })).rejects.toThrow(/cluster can't be reached: .*127\.0\.0\.1:1/);
  });
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
  const kubeconfig = harness.unreachable;
  harness.provider = await configure({ kubeconfig });
  await expect(remove(made)).rejects.toThrow("PULUMI_K8S_DELETE_UNREACHABLE");
  harness.provider = await configure({ kubeconfig, deleteUnreachable: "true" });
  expect(await refresh(made)).toBeUndefined();
  await expect(remove(made)).resolves.toBeUndefined();
});
