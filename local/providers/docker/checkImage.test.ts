import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { secret, UNKNOWN } from "../protocol/propertyValues.ts";
import { checkImage } from "./checkImage.ts";
import { contextDigest } from "./contextDigest.ts";

let context: string;
beforeEach(() => {
  context = mkdtempSync(join(tmpdir(), "rewardlab-image-"));
  writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
});
afterEach(() => rmSync(context, { recursive: true }));

const imageName = "127.0.0.1:5000/a:1";

test("defaults and the digest of the context are filled in", () => {
  const dockerfile = join(context, "Dockerfile");
  const { inputs, failures } = checkImage({ imageName, build: { context, platform: "linux/arm64" } });
  expect(failures).toEqual([]);
  expect(inputs).toEqual({
    imageName,
    buildOnPreview: false,
    build: { context, dockerfile, platform: "linux/arm64", contextDigest: contextDigest(context, dockerfile) },
  });
});

test("a missing Dockerfile fails here, with its place and a guess", () => {
  mkdirSync(join(context, "app"));
  const missing = checkImage({ imageName, build: { context, dockerfile: join(context, "app", "Dockerfile") } });
  expect(missing.failures).toEqual([{ property: "build.dockerfile", reason: expect.stringContaining(join(context, "app", "Dockerfile")) }]);
  expect(checkImage({ imageName, build: { context, dockerfile: "Dockerfile" } }).failures[0]!.reason).toContain("did you mean");
  expect(checkImage({ imageName, build: { context: join(context, "no") } }).failures[0]!.property).toBe("build.context");
});

test("a name without a registry is refused unless nothing is pushed", () => {
  expect(checkImage({ imageName: "a:1", build: { context } }).failures[0]!.property).toBe("imageName");
  expect(checkImage({ imageName: "a:1", skipPush: true, build: { context } }).failures).toEqual([]);
});

test("an unknown argument is refused by name", () => {
  expect(checkImage({ imageName, build: { context, contxt: "x" } }).failures[0]!.reason).toContain("contxt");
});

test("unknown values and secrets stay what they are, and a password is secret in any case", () => {
  const registry = { server: "x", username: "u", password: "p" };
  const { inputs, failures } = checkImage({ imageName: UNKNOWN, registry, build: { context, args: { T: secret("t"), B: UNKNOWN } } });
  expect(failures).toEqual([]);
  expect(inputs).toMatchObject({ imageName: UNKNOWN, build: { args: { T: secret("t"), B: UNKNOWN } }, registry: { password: secret("p") } });
});
