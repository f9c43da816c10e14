import { describe, expect, test } from "vitest";
import { UNKNOWN } from "../protocol/propertyValues.ts";
import { autoname } from "./autoname.ts";
import { nameOf } from "./manifest.ts";

const request = { name: "spec", randomSeed: new Uint8Array([1, 2, 3]), autonaming: undefined };
const configMap = (metadata = {}) => ({ apiVersion: "v1", kind: "ConfigMap", metadata });

describe("a new object without a name", () => {
  test("is called after the resource, with eight hex digits, and says so in an annotation", () => {
    const named = autoname(configMap({ labels: { a: "b" } }), undefined, request);
    expect(nameOf(named)).toMatch(/^spec-[0-9a-f]{8}$/);
    expect(named.metadata).toMatchObject({ labels: { a: "b" }, annotations: { "pulumi.com/autonamed": "true" } });
  });

  test("gets the same name from the same seed, another from another", () => {
    const name = (seed: number[]) => nameOf(autoname(configMap(), undefined, { ...request, randomSeed: new Uint8Array(seed) }));
    expect(name([1])).toBe(name([1]));
    expect(name([1])).not.toBe(name([2]));
  });

  test("takes the name that the project's auto-naming proposes", () => {
    const autonaming = { mode: "enforce" as const, proposedName: "spec-dev" };
    expect(nameOf(autoname(configMap(), undefined, { ...request, autonaming }))).toBe("spec-dev");
  });

  test("is refused when the project disables auto-naming", () => {
    const autonaming = { mode: "disable" as const, proposedName: "" };
    expect(() => autoname(configMap(), undefined, { ...request, autonaming })).toThrow("metadata.name");
  });
});

test("an auto-named object keeps its name on update", () => {
  const olds = configMap({ name: "spec-1a2b3c4d", annotations: { "pulumi.com/autonamed": "true" } });
  expect(nameOf(autoname(configMap(), olds, request))).toBe("spec-1a2b3c4d");
});

test("an object whose name the program gave and then left out gets a new one", () => {
  expect(nameOf(autoname(configMap(), configMap({ name: "fixed" }), request))).toMatch(/^spec-[0-9a-f]{8}$/);
});

test.each(["fixed", UNKNOWN])("a given name stays, known or not: %s", (name) => {
  const news = configMap({ name });
  expect(autoname(news, undefined, request)).toEqual(news);
});

test("a Job's name fits into a label", () => {
  const job = { apiVersion: "batch/v1", kind: "Job", metadata: {} };
  const name = nameOf(autoname(job, undefined, { ...request, name: "r".repeat(80) }))!;
  expect(name).toHaveLength(63);
  expect(name).toMatch(/^r+-[0-9a-f]{8}$/);
});

test("generateName is refused: server-side apply can't do it", () => {
  expect(() => autoname(configMap({ generateName: "x-" }), undefined, request)).toThrow("generateName");
});
