import { expect, test } from "vitest";
import { secret } from "../protocol/propertyValues.ts";
import { diffImage } from "./diffImage.ts";

const registry = { server: "r", username: "u", password: secret("1") };
const inputs = { imageName: "r/a:1", build: { contextDigest: "x" }, registry };
const changed = (news: any) => [...diffImage({ __inputs: secret(inputs) }, news)];

test("a changed context means another build, never another resource", () => {
  expect(changed({ ...inputs, build: { contextDigest: "y" } })).toEqual([["build", { change: "update", replace: false }]]);
});

test("new credentials are no change, another server is", () => {
  expect(changed({ ...inputs, registry: { ...registry, password: secret("2"), username: "v" } })).toEqual([]);
  expect(changed({ ...inputs, registry: { ...registry, server: "s" } })).toHaveLength(1);
});
