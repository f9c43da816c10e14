import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Recording, revealed } from "./record.ts";
import { EMBEDDED_OVERLAY, recordStack } from "./stacks.ts";
import { startTestPlane, type TestPlane } from "./testPlane.ts";

/** What the program registers, put before a real API server: it validates and admits, and keeps nothing. */
let api: TestPlane;
beforeAll(async () => {
  api = await startTestPlane();
  await api.createNamespace("strict");
  await api.kubectl(["-n", "strict", "create", "serviceaccount", "pair-controller"]);
  await api.kubectl(["label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted"]);
});
afterAll(async () => api.stop());

/** The objects as the provider would send them. */
function manifests({ resources }: Recording): any[] {
  return resources.filter(({ type, read }) => type.startsWith("kubernetes:") && !read).map(({ name, inputs }) => {
    const manifest = revealed(inputs);
    return { ...manifest, metadata: { ...manifest.metadata, name: manifest.metadata.name ?? `${name}-0123abcd` } };
  });
}

describe.each(["dev", "local"] as const)("a real API server, with the objects of stack %s", (stack) => {
  let objects: any[];
  beforeAll(async () => {
    objects = manifests(await recordStack(stack));
    for (const namespace of [`rewardlab-${stack}`, `results-rewardlab-${stack}`]) await api.createNamespace(namespace);
    for (const { metadata } of objects.filter(({ kind }) => kind === "Node")) {
      await api.kubectl(["create"], { apiVersion: "v1", kind: "Node", metadata: { name: metadata.name } });
      // As the node controller does when a node gets ready; a list of taints that someone else owns is refused.
      await api.kubectl(["taint", "node", metadata.name, "node.kubernetes.io/not-ready-"]);
    }
  });

  it("accepts each of them, unknown fields being errors", async () => {
    expect(objects.length).toBeGreaterThan(15);
    for (const object of objects) {
      const { ok, output } = await api.kubectl(["apply", "--server-side", "--dry-run=server", "--validate=strict", "--field-manager=rewardlab"], object);
      expect(ok, `${object.kind} ${object.metadata.name}: ${output}`).toBe(true);
    }
  });

  it("refuses a field that does not exist, so the test above can fail", async () => {
    const job = structuredClone(objects.find(({ kind }) => kind === "Job"));
    job.spec.podFailurePolcy = {};
    const { ok, output } = await api.kubectl(["apply", "--server-side", "--dry-run=server", "--validate=strict"], job);
    expect([ok, output]).toEqual([false, expect.stringContaining("podFailurePolcy")]);
  });

  it("admits every pod at the restricted level, where adapters and model cache are on claims, and the namespace enforces it", async () => {
    const volume = { kind: "claim", size: "20Gi", storageClass: "fast" };
    const model = { source: { kind: "hub", revision: "main" }, cache: volume };
    const claimed = manifests(await recordStack(stack, { adapters: volume, model, ...(stack === "local" && { ...EMBEDDED_OVERLAY, model }) }));
    expect(claimed.find(({ kind }) => kind === "Namespace").metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    for (const object of claimed) {
      const { ok, output } = await api.kubectl(["apply", "--server-side", "--dry-run=server", "--validate=strict", "--field-manager=rewardlab"], object);
      expect(ok, `${object.kind} ${object.metadata.name}: ${output}`).toBe(true);
    }
    const pods = claimed.filter(({ spec }) => spec?.template);
    expect(pods.length).toBeGreaterThanOrEqual(6);
    for (const { kind, metadata, spec } of pods) {
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: metadata.name, namespace: "strict" }, spec: { restartPolicy: "Never", ...spec.template.spec } };
      const { ok, output } = await api.kubectl(["create", "--dry-run=server"], pod);
      expect(ok, `${kind} ${metadata.name}: ${output}`).toBe(true);
    }
  });

  it("admits the task app, the pair controller, the store of results and the runs at the restricted security level, and a pair's pods but for the node's folder", async () => {
    for (const { kind, metadata, spec } of objects.filter(({ spec }) => spec?.template)) {
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: metadata.name, namespace: "strict" }, spec: { restartPolicy: "Never", ...spec.template.spec } };
      const { ok, output } = await api.kubectl(["create", "--dry-run=server"], pod);
      const paired = ["vllm", "trainer"].includes(metadata.labels["rewardlab.dev/part"]);
      expect(ok, `${kind} ${metadata.name}: ${output}`).toBe(!paired);
      if (!paired) continue;
      const { initContainers = [], ...main } = pod.spec;
      const rest = { ...main, initContainers: initContainers.filter(({ name }: any) => name !== "give-folders") };
      const volumes = rest.volumes.map((volume: any) => (volume.hostPath ? { name: volume.name, emptyDir: {} } : volume));
      const claimed = await api.kubectl(["create", "--dry-run=server"], { ...pod, spec: { ...rest, volumes } });
      expect(claimed.ok, `${metadata.name} without the node's folder: ${claimed.output}`).toBe(true);
    }
  });
});
