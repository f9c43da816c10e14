import { describe, expect, test } from "vitest";
import { diffInputs } from "./diffInputs.ts";
import { recordState } from "./state.ts";

const mutable = { secrets: false, configMaps: false };
const diff = (type: string, olds: any, news: any, live: any = olds) => {
  const state = { inputs: olds, live, fieldManager: "us", initialApiVersion: olds.apiVersion };
  const request = { urn: "urn", type, id: "", olds: recordState(state, olds), oldInputs: olds, news, ignoreChanges: [] };
  return diffInputs(request, mutable);
};
const configMap = (metadata: any, a: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "n", ...metadata }, data: { a } });
const auto = { name: "spec-1", annotations: { "pulumi.com/autonamed": "true" } };

describe("a replacement", () => {
  test("of an object with a fixed name deletes it first", () => {
    const { deleteBeforeReplace } = diff("kubernetes:core/v1:ConfigMap", configMap({ name: "a" }, "1"), configMap({ name: "a" }, "2"));
    expect(deleteBeforeReplace).toBe(true);
  });

  test("of an auto-named object creates the new one first", () => {
    const result = diff("kubernetes:core/v1:ConfigMap", configMap(auto, "1"), configMap(auto, "2"));
    expect(result.deleteBeforeReplace).toBe(false);
    expect(result.changes.get("data.a")).toEqual({ change: "update", replace: true });
  });

  test("into another namespace creates the new one first", () => {
    const result = diff("kubernetes:core/v1:ConfigMap", configMap({ name: "a" }, "1"), configMap({ name: "a", namespace: "m" }, "1"));
    expect(result.deleteBeforeReplace).toBe(false);
    expect(result.changes.get("metadata.namespace")!.replace).toBe(true);
  });
});

test("what the server added, and a change that it would make anyway, is no difference", () => {
  const olds = { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "n" }, data: { K: "eA==" } };
  const news = { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "n" }, stringData: { K: "x" } };
  const live = { ...olds, type: "Opaque", metadata: { ...olds.metadata, uid: "1" } };
  expect(diff("kubernetes:core/v1:Secret", olds, news, live).changes.size).toBe(0);
});

test("a patch is changed in place unless its target is another", () => {
  const node = (name: string, pool: string) => ({ apiVersion: "v1", kind: "Node", metadata: { name, labels: { pool } } });
  const inPlace = diff("kubernetes:core/v1:NodePatch", node("a", "x"), node("a", "y"));
  expect(inPlace.changes.get("metadata.labels.pool")).toEqual({ change: "update", replace: false });
  expect(diff("kubernetes:core/v1:NodePatch", node("a", "x"), node("b", "x")).changes.get("metadata.name")!.replace).toBe(true);
});
