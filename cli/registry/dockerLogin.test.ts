import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dockerLogin } from "./dockerLogin.ts";

const encoded = Buffer.from("me:a:word").toString("base64");
const folder = mkdtempSync(join(tmpdir(), "rewardlab-helper-"));
const path = process.env["PATH"];
afterAll(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true });
});

/** A credential helper that answers one registry, in the protocol of docker-credential-helpers. */
function helper(name: string, user: string): void {
  const file = join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\nread server\n[ "$server" = lab.example ] || exit 1\necho '{"Username":"${user}","Secret":"of the helper"}'\n`);
  chmodSync(file, 0o755);
  process.env["PATH"] = [folder, path].join(delimiter);
}

test("a login stands in the file by its registry, with whatever else Docker keeps there; a password may have colons", async () => {
  const config = JSON.stringify({ auths: { "lab.example": { auth: encoded } }, currentContext: "x" });
  expect(await dockerLogin("lab.example", config)).toEqual({ username: "me", password: "a:word" });
  expect(await dockerLogin("other.example", config)).toBeNull();
  expect(await dockerLogin("lab.example", undefined)).toBeNull();
});

test("Docker Hub's stands under the name that Docker gives it", async () => {
  expect(await dockerLogin("docker.io", JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth: encoded } } }))).toMatchObject({ username: "me" });
});

test("a credential helper is asked, and one without an answer is no login", async () => {
  helper("test", "me");
  expect(await dockerLogin("lab.example", JSON.stringify({ credsStore: "test" }))).toEqual({ username: "me", password: "of the helper" });
  expect(await dockerLogin("other.example", JSON.stringify({ credHelpers: { "other.example": "test" } }))).toBeNull();
});

test("a token that only Docker can use is no password", async () => {
  helper("tokens", "<token>");
  expect(await dockerLogin("lab.example", JSON.stringify({ credsStore: "tokens" }))).toBe("unknown");
});
