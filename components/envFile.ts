import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { checkEnvKeys, type EnvKeys, REQUIRED_KEYS, type SecretName } from "./config/envKeys.ts";

/** The secrets of an env file, wrapped from the first line on, and what is wrong with the file. */
export type EnvFile = Omit<EnvKeys, "secrets"> & { secrets: Partial<Record<SecretName, pulumi.Output<string>>> };

/** The secrets of an env file in clear, for a client on this machine; none where it can't be read. */
export function readEnvSecrets(path: string, root: string): EnvKeys["secrets"] {
  const text = statSync(resolve(root, path), { throwIfNoEntry: false })?.isFile() ? readFileSync(resolve(root, path), "utf8") : "";
  return checkEnvKeys(path, parseEnv(text)).secrets;
}

/** Reads an env file; the variables stay out of this process's environment. Reports instead of throwing. */
export function readEnvFile(path: string, root: string): EnvFile {
  let text: string;
  try {
    text = readFileSync(resolve(root, path), "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : `can't be read (${(error as Error).message})`;
    const write = `Copy .env.example to ${path} and fill in ${Object.keys(REQUIRED_KEYS).join(" and ")}`;
    return { secrets: {}, taskAppUrl: undefined, problems: [{ file: path, what: reason, write }], notices: [] };
  }
  const { secrets, ...rest } = checkEnvKeys(path, parseEnv(text));
  return { ...rest, secrets: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, pulumi.secret(value)])) };
}
