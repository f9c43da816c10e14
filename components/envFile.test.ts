import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, expect, it } from "vitest";
import { OPTIONAL_KEYS, REQUIRED_KEYS } from "./config/envKeys.ts";
import { readEnvFile } from "./envFile.ts";
import { PROJECT_ROOT } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "rewardlab-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fileWith = (text: string) => {
  writeFileSync(join(folder, "env"), text);
  return readEnvFile("env", folder);
};

it("reads quotes, export and comments, and wraps every value as a secret", async () => {
  const { secrets, problems } = fileWith('# keys\nexport SYNTH_API_KEY="one"\nENVIRONMENT_API_KEY=two # after\n');
  expect(problems).toEqual([]);
  expect(Object.keys(secrets).sort()).toEqual(["ENVIRONMENT_API_KEY", "SYNTH_API_KEY"]);
  for (const value of Object.values(secrets)) expect(await pulumi.isSecret(value)).toBe(true);
  expect(await new Promise((resolve) => secrets.SYNTH_API_KEY!.apply(resolve))).toBe("one");
});

it("leaves this process's environment alone", () => {
  fileWith("SYNTH_API_KEY=sentinel\nENVIRONMENT_API_KEY=two\n");
  expect(Object.values(process.env)).not.toContain("sentinel");
});

it("says of a missing file which to copy", () => {
  expect(readEnvFile("none", folder).problems).toEqual([
    { file: "none", what: "does not exist", write: "Copy .env.example to none and fill in SYNTH_API_KEY and ENVIRONMENT_API_KEY" },
  ]);
});

it("has an example with every required key, empty, and every optional one as a comment", () => {
  const text = readFileSync(join(PROJECT_ROOT, ".env.example"), "utf8");
  expect(parseEnv(text)).toEqual(Object.fromEntries(Object.keys(REQUIRED_KEYS).map((key) => [key, ""])));
  for (const key of Object.keys(OPTIONAL_KEYS)) expect(text).toContain(`# ${key}=\n`);
});
