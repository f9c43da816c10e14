import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { run } from "../command.ts";
import { ToolchainError } from "./errors.ts";
import { type Checksum, type Download, mirrored } from "./sources.ts";

/** A closed network must show within seconds: this long may the first byte of an answer take. */
const ANSWER_SECONDS = 5;
/** A transfer that brings nothing for this long has died. */
const SILENCE_SECONDS = 30;

/** A release file can't be had from here. `origin` is set where the host itself gave no answer. */
export class DownloadUnavailable extends Error {
  override name = "DownloadUnavailable";
  readonly origin: string | undefined;
  constructor(message: string, origin?: string) {
    super(message);
    this.origin = origin;
  }
}

export interface DownloadOptions {
  mirrorUrl?: string;
  signal?: AbortSignal;
  /** Bytes that came so far, and those expected (0 when the server doesn't say). */
  onBytes?: (received: number, expected: number) => void;
}

/**
 * Fetches one release file, checks it and puts its programs into `binDir`, executable.
 *
 * Throws {@link DownloadUnavailable} when the file or its checksum can't be had, {@link ToolchainError} when the file isn't
 * the one that the release names: that is never a matter of the network, and a build instead would hide it.
 */
export async function download(source: Download, binDir: string, options: DownloadOptions): Promise<void> {
  const url = mirrored(source.url, options.mirrorUrl);
  const expected = await expectedSha256(source, options);
  const file = join(binDir, `.${basename(new URL(url).pathname)}`);
  await mkdir(binDir, { recursive: true });
  const actual = await fetchFile(url, file, options);
  if (actual !== expected) {
    await rm(file, { force: true });
    throw new ToolchainError(
      `${url}: the file's sha256 is ${actual}, the release names ${expected}. It was not used. ` +
        (options.mirrorUrl === undefined
          ? "Look at what stands between here and the release, or set a mirror."
          : "Look at the mirror, or leave it out."),
    );
  }
  await unpack(file, source.members, binDir, options.signal);
  await rm(file, { force: true });
}

async function unpack(
  file: string,
  members: Download["members"],
  binDir: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [program, member] of Object.entries(members)) {
    const path = join(binDir, program);
    if (member === null) {
      await rename(file, path);
    } else {
      // The checksum was right, so the archive's paths are the release's own; one member is taken, whatever else is in it.
      await run("tar", ["-xzf", file, "-C", binDir, "--no-same-owner", "--transform", `s,.*,${program},`, member], {
        signal,
      });
    }
    await chmod(path, 0o755);
  }
}

/** The sha256 (hex) that the release names for a file. Throws {@link DownloadUnavailable} when it names none. */
async function expectedSha256(source: Download, options: DownloadOptions): Promise<string> {
  const url = mirrored(source.checksum.url, options.mirrorUrl);
  const text = await (await get(url, options)).text();
  const name = basename(new URL(source.url).pathname);
  const found = parseSha256(source.checksum.kind, text, name);
  if (found === undefined) throw new DownloadUnavailable(`${url} names no sha256 for ${name}`);
  return found;
}

const ReleaseAssets = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.object({ assets: z.array(z.object({ name: z.string(), digest: z.string().nullish() })) }));

/**
 * The sha256 (hex) for a file name, out of a checksum file (either `HASH  NAME` lines as `sha256sum` writes them, or one
 * lone hash) or out of what GitHub's API says of a release.
 */
export function parseSha256(kind: Checksum["kind"], text: string, name: string): string | undefined {
  if (kind === "githubApi") {
    const assets = ReleaseAssets.safeParse(text).data?.assets ?? [];
    return /^sha256:([0-9a-f]{64})$/.exec(assets.find((asset) => asset.name === name)?.digest ?? "")?.[1];
  }
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/i.exec(line);
    if (match?.[1] && (match[2] === undefined || basename(match[2]) === name)) return match[1].toLowerCase();
  }
  return undefined;
}

/** Writes what a URL holds to a file and returns its sha256 (hex). */
async function fetchFile(url: string, file: string, options: DownloadOptions): Promise<string> {
  const response = await get(url, options);
  const expected = Number(response.headers.get("content-length") ?? 0);
  const hash = createHash("sha256");
  const silence = new AbortController();
  const watch = setTimeout(() => silence.abort(), SILENCE_SECONDS * 1000);
  let received = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      watch.refresh();
      received += chunk.length;
      hash.update(chunk);
      options.onBytes?.(received, expected);
      done(null, chunk);
    },
  });
  const signal = AbortSignal.any([silence.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    await pipeline(Readable.fromWeb(response.body!), count, createWriteStream(file), { signal });
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = silence.signal.aborted ? `nothing came for ${SILENCE_SECONDS} s` : reason(error);
    throw new DownloadUnavailable(`${url} broke off after ${received} bytes: ${why}`);
  } finally {
    clearTimeout(watch);
  }
  return hash.digest("hex");
}

/** The answer to a GET, its body not yet read. Throws {@link DownloadUnavailable} for no answer and for any but 200. */
async function get(url: string, options: DownloadOptions): Promise<Response> {
  const answer = new AbortController();
  const timer = setTimeout(() => answer.abort(), ANSWER_SECONDS * 1000);
  let response: Response;
  try {
    response = await fetch(url, {
      signal: AbortSignal.any([answer.signal, ...(options.signal ? [options.signal] : [])]),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = answer.signal.aborted ? `no answer within ${ANSWER_SECONDS} s` : reason(error);
    throw new DownloadUnavailable(`${new URL(url).host} can't be reached (${why})`, new URL(url).origin);
  } finally {
    clearTimeout(timer);
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new DownloadUnavailable(`${url} answered ${response.status}`);
  }
  return response;
}

function reason(error: unknown): string {
  const cause = (error as Error).cause;
  const code = ((cause ?? error) as NodeJS.ErrnoException).code;
  return code ?? (error as Error).message;
}
