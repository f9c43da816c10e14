import { expect, test } from "vitest";
import { adoptFields } from "./managedFields.ts";

const entry = (manager: string, operation: string, fieldsV1: object) => ({ manager, operation, apiVersion: "v1", fieldsV1 });
const object = (...managedFields: any[]) => ({ kind: "ConfigMap", metadata: { managedFields } });

test("the fields of our create become the applying manager's", () => {
  const live = object(entry("pulumi-kubernetes", "Update", { "f:data": { "f:a": {} } }));
  expect(adoptFields(live, "us")).toEqual([entry("us", "Apply", { "f:data": { "f:a": {} } })]);
});

test("they are joined with what it applies already, and others' fields are left alone", () => {
  const other = entry("kube-controller-manager", "Update", { "f:status": {} });
  const live = object(entry("us", "Apply", { "f:data": { "f:a": {} } }), entry("kubectl", "Update", { "f:data": { "f:b": {} } }), other);
  expect(adoptFields(live, "us")).toEqual([other, entry("us", "Apply", { "f:data": { "f:a": {}, "f:b": {} } })]);
});

test("there's nothing to take from other managers or from a subresource", () => {
  const scale = { ...entry("kubectl", "Update", { "f:spec": {} }), subresource: "scale" };
  expect(adoptFields(object(scale, entry("us", "Apply", {}), entry("helm", "Update", {})), "us")).toBeUndefined();
});
