import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readSeal, RUN_FILE, SEALS } from "../images/runner/src/results/layout.ts";
import { runSpec } from "../images/runner/src/runSpec.ts";

/** Somewhere that keeps the results of a stack's runs, to be copied from: its store, or a bucket. */
export interface KeptSource {
  /** For messages. */
  what: string;
  /** Every file's key, `<run key>/<path>`, with the SHA-256 (hexadecimal digits) that it is known by there; null where none is. */
  list(signal: AbortSignal): Promise<Map<string, string | null>>;
  /** Copies files into a folder under their keys. */
  fetch(keys: readonly string[], folder: string, signal: AbortSignal): Promise<void>;
}

/** A run whose files are in a folder of this machine now. */
export interface CopiedRun {
  runKey: string;
  name: string;
  /** When its newest pod began, milliseconds. */
  startedAt: number;
  /** Its files, with the run key as their folder. */
  folder: string;
}

/** Copies, and what is wrong with them: empty for a verified copy. */
export interface Copied {
  runs: CopiedRun[];
  files: number;
  problems: string[];
}

const TRIES = 3;

/**
 * Copies everything into a folder and compares each file with the digest that the source knows it by and with the one that
 * the runner sealed it with. What is not equal is copied again; a source that changes meanwhile is listed again.
 */
export async function copyKept(source: KeptSource, folder: string, signal: AbortSignal): Promise<Copied> {
  await mkdir(folder, { recursive: true });
  let listed = new Map<string, string | null>();
  let digests = new Map<string, string>();
  let problems: string[] = [];
  const missing = () => [...listed].filter(([key, sha256]) => !isCopied(digests.get(key), sha256)).map(([key]) => key);
  for (let attempt = 1; attempt <= TRIES && (attempt === 1 || problems.length > 0); attempt++) {
    signal.throwIfAborted();
    listed = await source.list(signal);
    for (const key of digests.keys()) if (!listed.has(key)) await rm(join(folder, key), { force: true });
    // A seal is written anew with a newer checkpoint, and a source without digests does not show it.
    for (const key of digests.keys()) if (isSeal(key)) digests.delete(key);
    if (missing().length > 0) await source.fetch(missing(), folder, signal);
    digests = await digestsOf(folder);
    problems = [...missing().map((key) => `${key}: could not be copied from ${source.what}`), ...(await sealProblems(folder, digests))];
  }
  return { runs: await runsOf(folder, [...listed.keys()]), files: listed.size, problems };
}

const isSeal = (key: string) => key.split("/")[1] === SEALS.slice(0, -1);
const isCopied = (own: string | undefined, known: string | null) => own !== undefined && (known === null || own === known);

/** Files that differ from what their run sealed, or that a seal names and that are not there. */
async function sealProblems(folder: string, digests: ReadonlyMap<string, string>): Promise<string[]> {
  const seals = [...digests.keys()].filter(isSeal);
  const lists = await Promise.all(seals.map(async (key) => {
    const run = key.split("/")[0]!;
    return readSeal(await readFile(join(folder, key), "utf8")).map(({ path, sha256 }) => ({ key: `${run}/${path}`, sha256 }));
  }));
  return lists.flat().flatMap(({ key, sha256 }) => {
    const own = digests.get(key);
    if (own === sha256) return [];
    return [own === undefined ? `${key}: is sealed by its run, and not there` : `${key}: has the digest ${own}, its run sealed ${sha256}`];
  });
}

/** SHA-256 of every file below a folder, by its path there. */
async function digestsOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = new Map<string, string>();
  for (const path of paths) digests.set(path.slice(folder.length + 1), await sha256Of(path));
  return digests;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function runsOf(folder: string, keys: readonly string[]): Promise<CopiedRun[]> {
  const runKeys = [...new Set(keys.map((key) => key.split("/")[0]!))].filter((runKey) => keys.includes(`${runKey}/${RUN_FILE}`));
  return Promise.all(runKeys.map(async (runKey) => {
    const { name } = runSpec.parse(JSON.parse(await readFile(join(folder, runKey, RUN_FILE), "utf8")));
    const pods = await readdir(join(folder, runKey, "log")).catch(() => []);
    return { runKey, name, startedAt: Math.max(0, ...pods.map((pod) => Number.parseInt(pod, 10))), folder: join(folder, runKey) };
  }));
}

/** All that a run has said, pod after pod, from the pieces of its log. */
export async function keptLines({ folder }: Pick<CopiedRun, "folder">): Promise<string[]> {
  const log = join(folder, "log");
  const entries = await readdir(log, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return texts.join("").split("\n").filter((line) => line !== "");
}
