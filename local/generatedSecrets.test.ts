import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureGeneratedSecrets } from "./generatedSecrets.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "secrets-"))));
afterEach(() => rm(dir, { recursive: true }));

test("every key gets a value of its own, and only the owner can read the files", async () => {
  const { envFile, passphraseFile } = await ensureGeneratedSecrets(dir, ["A", "B"]);
  const values = parseEnv(await readFile(envFile, "utf8"));
  expect(new Set([values["A"], values["B"]]).size).toBe(2);
  expect(values["A"]!.length).toBeGreaterThanOrEqual(40);
  for (const file of [envFile, passphraseFile]) expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a second call changes nothing, a new key only adds itself", async () => {
  const first = await ensureGeneratedSecrets(dir, ["A"]);
  const before = [await readFile(first.envFile, "utf8"), await readFile(first.passphraseFile, "utf8")];
  await ensureGeneratedSecrets(dir, ["A"]);
  expect([await readFile(first.envFile, "utf8"), await readFile(first.passphraseFile, "utf8")]).toEqual(before);
  await ensureGeneratedSecrets(dir, ["A", "B"]);
  expect(parseEnv(await readFile(first.envFile, "utf8"))["A"]).toBe(parseEnv(before[0]!)["A"]);
});

test("an empty value counts as missing", async () => {
  await writeFile(join(dir, "embedded.env"), "A=\n");
  const { envFile } = await ensureGeneratedSecrets(dir, ["A"]);
  expect(parseEnv(await readFile(envFile, "utf8"))["A"]).not.toBe("");
});
