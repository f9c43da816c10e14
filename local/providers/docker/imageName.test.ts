import { expect, test } from "vitest";
import { isLoopback, parseImageName, withDigest } from "./imageName.ts";

test("a name is taken apart at its registry and tag, and a port is no tag", () => {
  expect(parseImageName("127.0.0.1:5000/a/b:v1")).toEqual({ registry: "127.0.0.1:5000", repository: "127.0.0.1:5000/a/b", tag: "v1" });
  expect(parseImageName("ghcr.io/a/b")).toEqual({ registry: "ghcr.io", repository: "ghcr.io/a/b", tag: "latest" });
});

test.each(["a", "a:1", "org/a:1"])("%s names no registry", (name) => {
  expect(parseImageName(name)).toBeUndefined();
});

test("a digest takes the tag's place", () => {
  expect(withDigest(parseImageName("localhost:5000/a:v1")!, "sha256:0")).toBe("localhost:5000/a@sha256:0");
});

test("only this machine's registries are loopback ones", () => {
  expect([isLoopback("127.0.0.1:5000"), isLoopback("localhost"), isLoopback("127.evil.io"), isLoopback("ghcr.io")]).toEqual([true, true, false, false]);
});
