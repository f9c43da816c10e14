import { createHash } from "node:crypto";
import { Readable } from "node:stream";

/** Bytes that can be sent more than once. */
export interface Content {
  /** Number of bytes. */
  size: number;
  /** Hexadecimal digits. */
  sha256: string;
  /** The bytes from the first one on. */
  open(signal: AbortSignal): Promise<Readable>;
}

/** Somewhere to put files by key: the one interface to what keeps a run's results. */
export interface Bucket {
  /** For messages. */
  readonly name: string;
  /**
   * Keeps a file, in the place of what had its key, and comes back when it is kept with this very digest. Throws HttpError,
   * NoAnswerError, or a ConfigError where the bucket refuses the run's key or is not there.
   */
  put(key: string, content: Content, signal: AbortSignal): Promise<void>;
  /** Removes a file; one that is not there is fine. */
  remove(key: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** A piece of memory as content. */
export function contentOf(data: string | Buffer): Content {
  const bytes = Buffer.from(data as string);
  return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), open: async () => Readable.from([bytes]) };
}
