import { expect, test } from "vitest";
import { secret } from "./propertyValues.ts";
import { markSecrets } from "./secretness.ts";

test("a secret leaf marks the same leaf of the outputs, not its siblings", () => {
  const marked = markSecrets({ a: { b: "x", c: "y" }, d: 1 }, { a: { b: secret("x"), c: "y" } });
  expect(marked).toEqual({ a: { b: secret("x"), c: "y" }, d: 1 });
});

test("a secret anywhere in an array marks the whole array, since the server may reorder it", () => {
  const marked = markSecrets({ list: ["x", "y"] }, { list: ["y", secret("x")] });
  expect(marked).toEqual({ list: secret(["x", "y"]) });
});

test("a secret map marks the map as a whole", () => {
  expect(markSecrets({ a: { b: "x" } }, { a: secret({ b: "x" }) })).toEqual({ a: secret({ b: "x" }) });
});

test("an input that the outputs lack adds nothing", () => {
  expect(markSecrets({}, { a: secret("x") })).toEqual({});
});
