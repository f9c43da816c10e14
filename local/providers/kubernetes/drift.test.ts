import { expect, test } from "vitest";
import type { PropertyMap } from "../protocol/propertyValues.ts";
import { driftedInputs } from "./drift.ts";

test("a field that somebody changed takes its live value", () => {
  const inputs = { spec: { replicas: 1, paused: false } };
  const before = { spec: { replicas: 1 } };
  expect(driftedInputs(inputs, before, { spec: { replicas: 3 } })).toEqual({ spec: { replicas: 3, paused: false } });
});

test("a field that somebody removed goes", () => {
  expect(driftedInputs({ data: { a: "1", b: "2" } }, { data: { a: "1", b: "2" } }, { data: { a: "1" } })).toEqual({ data: { a: "1" } });
});

test("what the server stores in another form, or not at all, has not drifted", () => {
  const inputs = { limits: { cpu: "0.5" }, hostNetwork: false };
  const live = { limits: { cpu: "500m" } };
  expect(driftedInputs(inputs, live, live)).toEqual(inputs);
});

test("what the program never set is no drift", () => {
  expect(driftedInputs({ a: 1 }, { a: 1 }, { a: 1, b: 2 })).toEqual({ a: 1 });
});

test("in a list, a changed element shows and the others keep their form", () => {
  const inputs: PropertyMap = { list: [{ name: "a", cpu: "0.5" }, { name: "b", image: "x:1" }] };
  const before: PropertyMap = { list: [{ name: "a", cpu: "500m" }, { name: "b", image: "x:1", pull: "Always" }] };
  const live: PropertyMap = { list: [{ name: "a", cpu: "500m" }, { name: "b", image: "x:2", pull: "Always" }] };
  expect(driftedInputs(inputs, before, live)).toEqual({ list: [{ name: "a", cpu: "0.5" }, { name: "b", image: "x:2" }] });
});
