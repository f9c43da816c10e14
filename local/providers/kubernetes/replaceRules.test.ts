import { describe, expect, test } from "vitest";
import { isReplaced, replacePaths, splitPath } from "./replaceRules.ts";

const immutable = { secrets: false, configMaps: false };
const mutable = { secrets: true, configMaps: true };
const replaces = (apiVersion: string, kind: string, path: string, rules = immutable, more = {}) =>
  isReplaced(path, replacePaths({ apiVersion, kind, ...more }, rules));

describe("what means a new object", () => {
  test.each([
    ["batch/v1", "Job", "spec.template.spec.containers[0].image"],
    ["batch/v1", "Job", "spec.completions"],
    ["batch/v1", "Job", "spec.parallelism"],
    ["batch/v1", "Job", "spec.selector.matchLabels.app"],
    ["apps/v1", "Deployment", "spec.selector.matchLabels.app"],
    ["apps/v1", "StatefulSet", "spec.serviceName"],
    ["v1", "Service", "spec.clusterIP"],
    ["v1", "ConfigMap", 'data["run.json"]'],
    ["v1", "Secret", "data.KEY"],
    ["v1", "Secret", "type"],
    ["v1", "Pod", "spec.containers[1].image"],
    ["v1", "PersistentVolumeClaim", "spec.storageClassName"],
    ["v1", "Namespace", "metadata.name"],
    ["apps/v1", "Deployment", "metadata.namespace"],
    ["rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name"],
  ])("%s %s: %s", (apiVersion, kind, path) => {
    expect(replaces(apiVersion, kind, path)).toBe(true);
  });
});

describe("what is changed in place", () => {
  test.each([
    ["batch/v1", "Job", "spec.backoffLimit"],
    ["batch/v1", "Job", "spec.activeDeadlineSeconds"],
    ["batch/v1", "Job", "spec.suspend"],
    ["batch/v1", "Job", "metadata.labels.app"],
    ["apps/v1", "Deployment", "spec.template.spec.containers[0].image"],
    ["apps/v1", "Deployment", "spec.replicas"],
    ["v1", "Service", "spec.ports[0].port"],
    ["v1", "Service", "spec.clusterIPs"],
    ["v1", "PersistentVolumeClaim", "spec.resources.requests.storage"],
    ["networking.k8s.io/v1", "NetworkPolicy", "spec.ingress"],
  ])("%s %s: %s", (apiVersion, kind, path) => {
    expect(replaces(apiVersion, kind, path)).toBe(false);
  });
});

test("a provider may make Secrets and ConfigMaps mutable, but not one that is immutable itself", () => {
  for (const kind of ["Secret", "ConfigMap"]) {
    expect(replaces("v1", kind, "data.KEY", mutable)).toBe(false);
    expect(replaces("v1", kind, "data.KEY", mutable, { immutable: true })).toBe(true);
  }
});

test("paths are split at dots, indexes and quoted keys", () => {
  expect(splitPath('metadata.annotations["a.b/c"].x[3]')).toEqual(["metadata", "annotations", "a.b/c", "x", "3"]);
});
