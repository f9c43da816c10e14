import { expect, test } from "vitest";
import { UNKNOWN } from "../protocol/propertyValues.ts";
import { inputDiff } from "./inputDiff.ts";

const kinds = (olds: any, news: any, ignored: string[] = []) =>
  Object.fromEntries([...inputDiff(olds, news, [], ignored)].map(([path, { change }]) => [path, change]));

test("equal inputs have no difference, whatever the order of their keys", () => {
  expect(kinds({ a: 1, b: { c: [1, { d: 2 }] } }, { b: { c: [1, { d: 2 }] }, a: 1 })).toEqual({});
});

test("additions, deletions and updates are told apart and named by path", () => {
  expect(kinds({ a: 1, b: { c: 1 }, l: [1, 2] }, { b: { c: 2 }, l: [1, 3, 4], n: { m: 1 } })).toEqual({
    a: "delete",
    "b.c": "update",
    "l[1]": "update",
    "l[2]": "add",
    n: "add",
  });
});

test("a key with a dot is quoted", () => {
  expect(kinds({ d: { "run.json": "1" } }, { d: { "run.json": "2" } })).toEqual({ 'd["run.json"]': "update" });
});

test("an unknown new value is a change", () => {
  expect(kinds({ a: "x" }, { a: UNKNOWN })).toEqual({ a: "update" });
});

test("ignored paths are left out, with all below them", () => {
  expect(kinds({ spec: { replicas: 1, t: { x: 1 } } }, { spec: { replicas: 2, t: { x: 2 } } }, ["spec.replicas", "spec.t"])).toEqual({});
});

test("changes under a rule are replacements", () => {
  const changes = inputDiff({ spec: { template: { a: 1 }, n: 1 } }, { spec: { template: { a: 2 }, n: 2 } }, ["spec.template"]);
  expect(changes.get("spec.template.a")).toEqual({ change: "update", replace: true });
  expect(changes.get("spec.n")).toEqual({ change: "update", replace: false });
});
