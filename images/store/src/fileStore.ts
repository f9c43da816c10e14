import { createHash, randomUUID } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** A file that is on the disk, whole. */
export interface Kept {
  key: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal digits. */
  sha256: string;
}

/** What arrived is not what the sender has: nothing was kept. */
export class DigestMismatch extends Error {
  override readonly name = "DigestMismatch";
}

const TEMPORARY = ".tmp-";

/**
 * Files under one folder, each whole or absent, whenever the process or the machine dies: written under a temporary name,
 * flushed, renamed, and the folder flushed. A name that is written again holds the old content until then.
 */
export class FileStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Removes what a killed process left half-written. */
  async tidy(): Promise<void> {
    for (const path of await this.#paths()) if (isTemporary(path)) await rm(path, { force: true });
  }

  /**
   * Keeps a file, and comes back when it would survive the machine.
   *
   * @param parts of its key
   * @param expected the sender's SHA-256; with another one nothing is kept and DigestMismatch thrown
   */
  async put(parts: readonly string[], body: AsyncIterable<Buffer>, expected?: string): Promise<Kept> {
    const folder = await this.#folder(parts.slice(0, -1));
    const [temporary, final] = [join(folder, `${TEMPORARY}${randomUUID()}`), join(folder, parts.at(-1)!)];
    const hash = createHash("sha256");
    let size = 0;
    const file = await open(temporary, "wx", 0o640);
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        size += chunk.length;
        await file.writeFile(chunk);
      }
      const sha256 = hash.digest("hex");
      if (expected !== undefined && expected !== sha256) throw new DigestMismatch(`${parts.join("/")}: ${size} bytes with the digest ${sha256} arrived, not ${expected}`);
      await file.sync();
      await file.close();
      await rename(temporary, final);
      await sync(folder);
      return { key: parts.join("/"), size, sha256 };
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** A file's bytes and their number; null where there is none. */
  async get(parts: readonly string[]): Promise<{ size: number; stream: ReadStream } | null> {
    const path = join(this.#root, ...parts);
    const found = await stat(path).catch(nullIfMissing);
    return found?.isFile() ? { size: found.size, stream: createReadStream(path) } : null;
  }

  /** Removes a file; one that is not there is fine. */
  async remove(parts: readonly string[]): Promise<void> {
    const path = join(this.#root, ...parts);
    await rm(path, { force: true });
    await sync(dirname(path)).catch(nullIfMissing);
  }

  /** Keys and sizes of all files whose key begins so, in order. */
  async list(prefix: string): Promise<Omit<Kept, "sha256">[]> {
    const keys = (await this.#paths()).filter((path) => !isTemporary(path)).map((path) => relative(this.#root, path)).filter((key) => key.startsWith(prefix)).sort();
    return Promise.all(keys.map(async (key) => ({ key, size: (await stat(join(this.#root, key))).size })));
  }

  async #paths(): Promise<string[]> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  /** Makes a folder with all above it, each flushed into the one above, and gives its path. */
  async #folder(parts: readonly string[]): Promise<string> {
    let path = this.#root;
    for (const part of parts) {
      const above = path;
      path = join(above, part);
      const made = await mkdir(path).then(() => true, (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      });
      if (made) await sync(above);
    }
    return path;
  }
}

const isTemporary = (path: string) => path.slice(path.lastIndexOf("/") + 1).startsWith(TEMPORARY);

/** Flushes a folder's entries to the disk. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
}
