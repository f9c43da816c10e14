import { expect, test } from "vitest";
import { containsSecret, containsUnknown, isSecret, plain, secret, UNKNOWN } from "./propertyValues.ts";

test("secret wrappers come off at any depth, and what isn't secret stays as it is", () => {
  const value = { a: secret({ b: [secret("x"), 1] }), c: null, d: [{ e: true }] };
  expect(plain(value)).toEqual({ a: { b: ["x", 1] }, c: null, d: [{ e: true }] });
});

test("a secret is not wrapped twice", () => {
  expect(secret(secret("x"))).toEqual(secret("x"));
});

test("secrets and unknown values are found at any depth", () => {
  expect(containsSecret({ a: [{ b: secret(1) }] })).toBe(true);
  expect(containsUnknown({ a: [{ b: secret(UNKNOWN) }] })).toBe(true);
  expect(containsSecret({ a: ["x"] }) || containsUnknown({ a: ["x"] })).toBe(false);
});

test("an object that merely has a value field is no secret", () => {
  expect(isSecret({ value: "x" })).toBe(false);
});
