import { expect, test } from "vitest";
import { checkInputs } from "./checkInputs.ts";
import { nameOf, namespaceOf } from "./manifest.ts";

const clusterWide = new Set(["Namespace", "Node", "ClusterRole"]);
const scope = async (_: string, kind: string) => !clusterWide.has(kind);
const check = (type: string, news: any, options: { olds?: any; unknownScope?: boolean } = {}) => {
  const request = { urn: "urn", type, name: "thing", olds: options.olds, news, randomSeed: new Uint8Array([1]), autonaming: undefined };
  return checkInputs(request, "home", options.unknownScope ? async () => undefined : scope);
};

test("an object of a namespaced kind gets the provider's namespace, one of a cluster-wide kind gets none", async () => {
  const { inputs } = await check("kubernetes:core/v1:Secret", { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } });
  expect(namespaceOf(inputs)).toBe("home");
  const other = await check("kubernetes:core/v1:Namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } });
  expect(namespaceOf(other.inputs)).toBeUndefined();
});

test("a namespace that the program gives stays, and a kind that the cluster doesn't know is taken as namespaced", async () => {
  const given = { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "other" } };
  expect(namespaceOf((await check("kubernetes:core/v1:Secret", given)).inputs)).toBe("other");
  const custom = { apiVersion: "x.dev/v1", kind: "Thing", metadata: { name: "a" } };
  expect(namespaceOf((await check("kubernetes:x.dev/v1:Thing", custom, { unknownScope: true })).inputs)).toBe("home");
});

test("inputs without metadata get a name", async () => {
  const { inputs } = await check("kubernetes:core/v1:ConfigMap", { apiVersion: "v1", kind: "ConfigMap" });
  expect(nameOf(inputs)).toMatch(/^thing-[0-9a-f]{8}$/);
});

test("a patch needs the name of its target and is never auto-named", async () => {
  const { failures } = await check("kubernetes:core/v1:NodePatch", { apiVersion: "v1", kind: "Node", metadata: {} });
  expect(failures).toEqual([{ property: "metadata.name", reason: expect.stringContaining("name of the object") }]);
});

test("a kind that isn't the resource's type is refused", async () => {
  const { failures } = await check("kubernetes:apps/v1:Deployment", { apiVersion: "v1", kind: "Pod", metadata: { name: "a" } });
  expect(failures[0]!.reason).toContain("apps/v1 Deployment");
});

test.each(["pulumi.com/waitFor", "pulumi.com/replaceUnready"])("%s, which this provider doesn't know, is refused", async (key) => {
  const news = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", annotations: { [key]: "x" } } };
  const { failures } = await check("kubernetes:core/v1:Pod", news);
  expect(failures[0]!.property).toContain(key);
});
