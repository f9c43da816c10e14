import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** The secrets that the embedded stack makes for itself, once, outside the repository and readable by their owner alone. */
export interface GeneratedSecrets {
  /** An env file with every key of `keys`. */
  envFile: string;
  /** Holds the passphrase that encrypts secrets in the embedded stack's state. */
  passphraseFile: string;
}

const random = () => randomBytes(32).toString("base64url");

async function read(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}

/** Writes with mode 600 from the first byte, whole or not at all. */
async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode: 0o600 });
  await chmod(`${path}.tmp`, 0o600);
  await rename(`${path}.tmp`, path);
}

/**
 * Makes what is missing and keeps what is there: a passphrase that changed could not read the state any more, a key that
 * changed would restart every pod.
 */
export async function ensureGeneratedSecrets(stateDir: string, keys: readonly string[]): Promise<GeneratedSecrets> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const envFile = join(stateDir, "embedded.env");
  const passphraseFile = join(stateDir, "passphrase");
  if ((await read(passphraseFile)) === null) await writePrivate(passphraseFile, `${random()}\n`);
  const present = (await read(envFile)) ?? "";
  const missing = keys.filter((key) => !parseEnv(present)[key]);
  if (missing.length > 0) {
    const kept = Object.entries(parseEnv(present)).filter(([, value]) => value);
    await writePrivate(envFile, [...kept.map(([key, value]) => `${key}=${value}`), ...missing.map((key) => `${key}=${random()}`), ""].join("\n"));
  }
  return { envFile, passphraseFile };
}
