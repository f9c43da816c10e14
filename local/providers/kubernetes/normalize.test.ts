import { expect, test } from "vitest";
import { UNKNOWN } from "../protocol/propertyValues.ts";
import { normalize } from "./normalize.ts";

test("a Secret's stringData is moved into data as base64 and wins over it", () => {
  const secret = { apiVersion: "v1", kind: "Secret", data: { A: "b2xk", B: "Yg==" }, stringData: { A: "new" } };
  expect(normalize(secret)).toEqual({ apiVersion: "v1", kind: "Secret", data: { A: "bmV3", B: "Yg==" } });
});

test("an unknown value of stringData stays unknown", () => {
  const secret = { apiVersion: "v1", kind: "Secret", stringData: { A: UNKNOWN } };
  expect(normalize(secret)).toEqual({ apiVersion: "v1", kind: "Secret", data: { A: UNKNOWN } });
});

test("nulls and the server's own metadata are dropped", () => {
  const manifest = { kind: "Pod", metadata: { name: "a", uid: "1", resourceVersion: "2", labels: null }, spec: { a: [{ b: null }] } };
  expect(normalize(manifest)).toEqual({ kind: "Pod", metadata: { name: "a" }, spec: { a: [{}] } });
});
