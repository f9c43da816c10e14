import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, withRetries } from "../retry.ts";
import type { Bucket, Content } from "./bucket.ts";
import { contentOf } from "./bucket.ts";
import { sealFile, sealText } from "./layout.ts";

/** Files that belong together: kept when the last one of them is, and sealed then. */
export interface Upload {
  /** Unique in the run: another upload of the name takes its place. */
  name: string;
  /** The files by their path below the run key; asked for anew at each try. */
  files(signal: AbortSignal): Promise<{ path: string; content: Content }[]>;
  /** Bytes that it holds in memory until it is kept. */
  held: number;
  /** Called once it is kept. */
  afterwards?(signal: AbortSignal): Promise<void>;
}

export interface UploadsOptions {
  /** Key of the run: the folder of all its files. */
  runKey: string;
  /** Retries of each file, and which failures are worth one; isPassing unless given. */
  retries: number;
  passing?: (error: unknown) => boolean;
  /** Called once for each upload that failed; it is tried again with the next one, and at the end. */
  onFailure: (upload: string, error: unknown) => void;
  /** For tests. */
  mostHeld?: number;
}

/** Memory that uploads may hold while the bucket is away; then the oldest of them are given up. */
const MOST_HELD = 64 * 2 ** 20;

/**
 * Uploads in the background, one after the other in their order, so that the run never waits for them before its end. One
 * that fails for longer than its retries waits for the next one.
 */
export class Uploads {
  readonly #bucket: Bucket;
  readonly #options: UploadsOptions;
  readonly #stop = new AbortController();
  #waiting: Upload[] = [];
  #failed = new Set<Upload>();
  #lost: string[] = [];
  #working: Promise<void> | null = null;
  /** Uploads in a row that failed for a reason that does not pass. */
  #refused = 0;

  constructor(bucket: Bucket, options: UploadsOptions) {
    this.#bucket = bucket;
    this.#options = options;
  }

  /** Takes an upload on; it has the place of one of its name that is not done yet. */
  add(upload: Upload): void {
    this.#waiting = [...this.#waiting.filter(({ name }) => name !== upload.name), upload];
    this.#giveUpOldest();
    this.#work();
  }

  /** Uploads one now. Throws what the bucket throws when the retries are used up. */
  async now(upload: Upload, signal: AbortSignal): Promise<void> {
    const { runKey, retries, passing = isPassing } = this.#options;
    const retried = <T>(attempt: () => Promise<T>) => withRetries(attempt, { retries, passing, signal });
    const put = (path: string, content: Content) => retried(() => this.#bucket.put(`${runKey}/${path}`, content, signal));
    const files = await retried(() => upload.files(signal));
    for (const { path, content } of files) await put(path, content);
    await put(sealFile(upload.name), contentOf(sealText(files.map(({ path, content }) => ({ path, sha256: content.sha256 })))));
    await upload.afterwards?.(signal);
  }

  /** Number of uploads that are not kept yet. */
  get open(): number {
    return this.#waiting.length;
  }

  /** Waits until all is kept, for so many seconds at most; not so long where every upload was refused twice. */
  async settle(seconds: number): Promise<void> {
    const until = Date.now() + seconds * 1000;
    while (this.#waiting.length > 0 && Date.now() < until && this.#refused < 2 * this.#waiting.length) {
      this.#work();
      // A look now and then: what is under way may take longer than there is time.
      const pause = sleep(Math.min(500, until - Date.now()));
      await (this.#working === null ? pause : Promise.race([this.#working, pause]));
      if (this.#working === null && this.#waiting.length > 0) await pause;
    }
  }

  /** Settles and ends: cuts off what is under way then, and takes nothing on after it. Returns the names of uploads that are not kept. */
  async end(seconds: number): Promise<string[]> {
    await this.settle(seconds);
    this.#stop.abort();
    await this.#working;
    return [...this.#lost, ...this.#waiting.map(({ name }) => name)];
  }

  #work(): void {
    if (this.#stop.signal.aborted) return;
    this.#working ??= this.#once().finally(() => { this.#working = null; });
  }

  /** Tries every upload that waits, until one fails: the next one would most likely, too. */
  async #once(): Promise<void> {
    for (let upload = this.#waiting[0]; upload !== undefined && !this.#stop.signal.aborted; upload = this.#waiting[0]) {
      try {
        await this.now(upload, this.#stop.signal);
        this.#waiting = this.#waiting.filter((each) => each !== upload);
        this.#refused = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#refused = isPassing(error) ? 0 : this.#refused + 1;
        // Behind the others: one that can never be kept must not keep them from it.
        this.#waiting = [...this.#waiting.filter((each) => each !== upload), ...(this.#waiting.includes(upload) ? [upload] : [])];
        if (!this.#failed.has(upload)) this.#options.onFailure(upload.name, error);
        this.#failed.add(upload);
        return;
      }
    }
  }

  #giveUpOldest(): void {
    const most = this.#options.mostHeld ?? MOST_HELD;
    const held = () => this.#waiting.reduce((sum, upload) => sum + upload.held, 0);
    while (held() > most && this.#waiting.length > 1) {
      const oldest = this.#waiting.find((upload) => upload.held > 0)!;
      this.#lost.push(oldest.name);
      this.#waiting = this.#waiting.filter((each) => each !== oldest);
    }
  }
}
