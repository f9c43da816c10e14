import { expect, test } from "vitest";
import { parseDockerHost } from "./dockerHost.ts";

test("sockets and TCP addresses are dialled, and the usual socket is the default", () => {
  expect(parseDockerHost(undefined)).toEqual({ socketPath: "/var/run/docker.sock" });
  expect(parseDockerHost("unix:///run/x.sock")).toEqual({ socketPath: "/run/x.sock" });
  expect(parseDockerHost("tcp://127.0.0.1:2375")).toEqual({ host: "127.0.0.1", port: 2375 });
});

test("what can't be dialled is refused by name", () => {
  expect(() => parseDockerHost("ssh://me@there")).toThrow("ssh://me@there");
});
