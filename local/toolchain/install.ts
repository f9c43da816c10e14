import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../command.ts";
import { build, type BuildState, neededGo } from "./build.ts";
import { download, DownloadUnavailable } from "./download.ts";
import { ToolchainError } from "./errors.ts";
import { type Go, isAtLeast } from "./go.ts";
import { type Progress, secondsSince, ticking } from "./progress.ts";
import type { Family } from "./sources.ts";
import { readStamp, writeStamp } from "./stamp.ts";

/** What the families of one call have in common. */
export interface InstallOptions {
  /** Folder that holds one folder a family. */
  root: string;
  mirrorUrl?: string;
  /** Leaves the download out: cache, then build. */
  offlineDownload?: boolean;
  progress: Progress;
  signal?: AbortSignal;
  /** Folder for what Go compiles. */
  goCache: string;
  /** Looked for once, when the first family needs it. */
  go: () => Promise<Go | undefined>;
  /** Origin → why it can't be reached; grows, so that a closed network costs its few seconds once. */
  unreachable: Map<string, string>;
}

/** Starts of the names of folders that are being filled; what a killed process left of them is removed. */
export const PARTIAL = ".partial-";

/**
 * Sees to it that `root/id/bin` holds a family's programs: from the cache, else downloaded, else built. They are made in a
 * folder of another name, which gets the final one when all of it is on disk: a half-finished folder never looks finished.
 *
 * Throws {@link ToolchainError} when no way works or a checksum is wrong, and the signal's reason when aborted.
 */
export async function install(family: Family, id: string, options: InstallOptions): Promise<void> {
  const { progress, signal, root } = options;
  const label = `${family.name} v${family.version}`;
  const target = join(root, id);
  const programs = Object.keys(family.packages);
  if (await readStamp(target, id, programs)) return;

  const partial = join(root, `${PARTIAL}${id}-${process.pid}`);
  const tried: string[] = [];
  const start = Date.now();
  try {
    await mkdir(partial, { recursive: true });
    let made = await byDownload(family, label, partial, tried, options);
    made ??= await byBuild(family, label, partial, tried, options);
    if (made === undefined) throw await nothingWorked(family, label, tried);
    const seconds = secondsSince(start);
    await writeStamp(partial, { id, ...made, seconds }, programs);
    await flush(partial, programs);
    signal?.throwIfAborted();
    // A folder of this name without a valid stamp is damaged.
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
    await sync(root);
    progress(`${label}: ready (${made.origin}, ${seconds} s)`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

type Made = { origin: "download" | "go build"; source: string };

async function byDownload(
  family: Family,
  label: string,
  partial: string,
  tried: string[],
  options: InstallOptions,
): Promise<Made | undefined> {
  const { mirrorUrl, signal, progress, unreachable } = options;
  if (options.offlineDownload) {
    tried.push("download: left out, as asked for");
    return undefined;
  }
  const known = unreachable.get(new URL(mirrorUrl ?? family.downloads[0]!.url).origin);
  if (known !== undefined) {
    tried.push(`download: ${known}`);
    return undefined;
  }
  const start = Date.now();
  let file = 0;
  let bytes = "";
  const onBytes = (received: number, expected: number): void => {
    bytes = ` ${mebibytes(received)}${expected > 0 ? ` of ${mebibytes(expected)}` : ""} MiB,`;
  };
  const describe = (): string =>
    `${label}: downloading (file ${file} of ${family.downloads.length},${bytes} ${secondsSince(start)} s)`;
  try {
    await ticking(progress, describe, async () => {
      for (const source of family.downloads) {
        file += 1;
        bytes = "";
        await download(source, join(partial, "bin"), { mirrorUrl, signal, onBytes });
      }
    });
    return { origin: "download", source: mirrorUrl ?? new URL(family.downloads[0]!.url).origin };
  } catch (error) {
    if (!(error instanceof DownloadUnavailable)) throw error;
    progress(`${label}: no download: ${error.message}`);
    if (error.origin !== undefined) unreachable.set(error.origin, error.message);
    tried.push(`download: ${error.message}`);
    await rm(join(partial, "bin"), { recursive: true, force: true });
    return undefined;
  }
}

async function byBuild(
  family: Family,
  label: string,
  partial: string,
  tried: string[],
  options: InstallOptions,
): Promise<Made | undefined> {
  const { signal, progress } = options;
  const go = await options.go();
  const needed = await neededGo(family);
  if (go === undefined || !isAtLeast(go.version, needed)) {
    tried.push(go === undefined ? "go build: no Go toolchain here" : `go build: Go ${go.version} is older than ${needed}`);
    return undefined;
  }
  const start = Date.now();
  let state = (): BuildState => ({ step: "modules" });
  const describe = (): string => `${label}: ${inWords(state())} (${secondsSince(start)} s)`;
  progress(`${label}: building with Go ${go.version}`);
  try {
    const onState = (next: () => BuildState): void => void (state = next);
    const tempDir = join(partial, "tmp");
    await ticking(progress, describe, () => build(family, join(partial, "bin"), { go, tempDir, goCache: options.goCache, signal, onState }));
    await rm(tempDir, { recursive: true, force: true });
    return { origin: "go build", source: `Go ${go.version}` };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    tried.push(`go build (Go ${go.version}, ${secondsSince(start)} s): ${error.message}`);
    return undefined;
  }
}

async function nothingWorked(family: Family, label: string, tried: string[]): Promise<ToolchainError> {
  const programs = Object.keys(family.packages).join(", ");
  return new ToolchainError(
    [
      `${label} (${programs}) is not in the cache and can't be had. Tried:`,
      ...tried.map((line) => `- ${line}`),
      `Remedy: install Go ${await neededGo(family)} or newer (https://go.dev/doc/install), or set a mirror of the downloads.`,
    ].join("\n"),
  );
}

function inWords(state: BuildState): string {
  if (state.step === "modules") return "fetching Go modules";
  if (state.step === "linking") return `linking, ${state.done} of ${state.total} programs done`;
  return `compiling package ${state.done} of ${state.total}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

/** Puts a folder's programs and stamp on disk: after a power cut the final name must not show empty files. */
async function flush(directory: string, programs: string[]): Promise<void> {
  for (const program of programs) await sync(join(directory, "bin", program));
  await sync(join(directory, "stamp.json"));
  await sync(join(directory, "bin"));
  await sync(directory);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
