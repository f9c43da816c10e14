import { expect, test } from "vitest";
import { secret } from "../protocol/propertyValues.ts";
import { parseState, recordState } from "./state.ts";

const state = {
  inputs: { apiVersion: "v1", kind: "Secret", metadata: { name: "env" }, data: { KEY: "eA==" } },
  live: { apiVersion: "v1", kind: "Secret", metadata: { name: "env", uid: "1" }, data: { KEY: "eA==" } },
  fieldManager: "pulumi-kubernetes-1",
  initialApiVersion: "v1",
};

test("a Secret's data is secret in the whole record, even when the program never said so", () => {
  const recorded = recordState(state, state.inputs);
  expect(recorded.data).toEqual(secret({ KEY: "eA==" }));
  expect(recorded.__inputs).toMatchObject({ data: secret({ KEY: "eA==" }) });
});

test("a record is read back as it was", () => {
  expect(parseState(recordState(state, state.inputs))).toEqual(state);
});

test("a secret input of any kind is secret in the live object and in the recorded inputs", () => {
  const inputs = { kind: "ConfigMap", data: { a: secret("x"), b: "y" } };
  const plain = { kind: "ConfigMap", data: { a: "x", b: "y" } };
  const recorded = recordState({ ...state, inputs: plain, live: plain }, inputs);
  expect(recorded.data).toEqual({ a: secret("x"), b: "y" });
  expect(recorded.__inputs).toEqual({ kind: "ConfigMap", data: { a: secret("x"), b: "y" } });
});

test("who owns which field is kept by the server alone", () => {
  const { live } = state;
  const owned = { ...live, metadata: { ...live.metadata, managedFields: [{ manager: "a", operation: "Apply" }] } };
  expect(parseState(recordState({ ...state, live: owned }, state.inputs))).toEqual(state);
});
