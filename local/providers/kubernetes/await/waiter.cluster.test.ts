import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { InitFailure } from "../../protocol/initFailure.ts";
import type { PropertyMap } from "../../protocol/propertyValues.ts";
import { at, type Manifest } from "../manifest.ts";
import { deployment, READY } from "../testHarness.ts";
import { apps, core, create, harness, namespace, refresh, remove, setPodStatus, update, useHarness } from "../testSetup.ts";

useHarness();

describe("a Deployment", () => {
  test("is waited for until its pods are ready", async () => {
    const making = create(deployment("web"));
    await expect.poll(() => harness.statuses.at(-1), { timeout: 20_000 }).toBe("waiting: 0 of 1 pods ready");
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

  test("whose container crashes over and over fails long before the timeout", async () => {
    const making = create(deployment("web")).catch((error: unknown) => error);
    const state = { waiting: { reason: "CrashLoopBackOff", message: "back-off" } };
    const lastState = { terminated: { exitCode: 1, reason: "Error" } };
    const crashing = { name: "c", image: "x:1", imageID: "", ready: false, restartCount: 5, state, lastState };
    await setPodStatus("web", { phase: "Running", containerStatuses: [crashing] });
    const failure = (await making) as InitFailure;
    expect(failure.message).toMatch(/web has failed: container c of pod web-\S+ was restarted 5 times and keeps crashing/);
    expect(failure.reasons.join("\n")).toMatch(/ended with exit code 1[^]*last log lines/);
  });

  test("whose init container says that no restart would mend it fails at once, with the container's own words", async () => {
    const making = create(deployment("web")).catch((error: unknown) => error);
    const state = { terminated: { exitCode: 78, reason: "Error", message: "GPU preflight: the GPU is NVIDIA L4. What to do: look" } };
    const looked = { name: "preflight", image: "x:1", imageID: "", ready: false, restartCount: 0, state };
    await setPodStatus("web", { phase: "Pending", initContainerStatuses: [looked] });
    const failure = (await making) as InitFailure;
    expect(failure.message).toMatch(/web has failed: container preflight of pod web-\S+ can't work as it is set up \(exit code 78\): GPU preflight: the GPU is NVIDIA L4/);
  });

  test("whose pod can't mount a folder of its node says so while it is waited for, by the kubelet's event", async () => {
    const making = create(deployment("web"));
    const state = { waiting: { reason: "ContainerCreating" } };
    await setPodStatus("web", { phase: "Pending", containerStatuses: [{ name: "c", image: "x:1", imageID: "", ready: false, restartCount: 0, state }] });
    const [pod] = (await core.listNamespacedPod({ namespace })).items;
    const { name, uid } = pod!.metadata!;
    const message = 'MountVolume.SetUp failed for volume "model" : hostPath type check failed: /nowhere is not a directory';
    await core.createNamespacedEvent({ namespace, body: {
      metadata: { generateName: "test-" }, involvedObject: { kind: "Pod", name: name!, namespace, uid: uid! }, reason: "FailedMount", type: "Warning", message, lastTimestamp: new Date(),
    } });
    await expect.poll(() => harness.statuses.at(-1), { timeout: 20_000 }).toBe(`waiting: 0 of 1 pods ready; pod ${name}: [FailedMount] ${message}`);
    await setPodStatus("web", READY);
    expect(at((await making).live, "status", "readyReplicas")).toBe(1);
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
    harness.provider.cancel();
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

test("a delete of a workload goes through the dependants first", async () => {
  const making = create(deployment("web"));
  await setPodStatus("web", READY);
  await remove(await making);
  const { items } = await core.listNamespacedPod({ namespace });
  expect(items).toEqual([]);
});

test("a refresh of a workload that isn't ready records that", async () => {
  const making = create(deployment("web"));
  await setPodStatus("web", READY);
  const made = await making;
  await setPodStatus("web", { phase: "Running", conditions: [{ type: "Ready", status: "False" }] });
  await expect.poll(() => refresh(made).then(() => "ready", (error: unknown) => (error as Error).name), { timeout: 20_000 }).toBe("InitFailure");
});
