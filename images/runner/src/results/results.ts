import type { RunEvent } from "../events.ts";
import { ConfigError, RunFailure } from "../failure.ts";
import { HttpError } from "../http.ts";
import { isPassing } from "../retry.ts";
import type { RunSpec } from "../runSpec.ts";
import { type Bucket, contentOf } from "./bucket.ts";
import { adapterFile, checkpointFile, logFile, podFolder, RUN_FILE, traceFile } from "./layout.ts";
import { LineTee } from "./lineTee.ts";
import { TraceBatch } from "./traceBatch.ts";
import type { TrainerFiles } from "./trainerFiles.ts";
import { Uploads } from "./uploads.ts";

export interface ResultsOptions {
  spec: RunSpec;
  runKey: string;
  /** Name of the pod, and when it started (milliseconds): the logs of a run's pods are kept apart, in this order. */
  pod: string;
  startedAt: number;
  bucket: Bucket;
  trainer: TrainerFiles;
  /** For tests. */
  firstRetries?: number;
  /** Called once for each upload that failed, after its retries. */
  onFailure: (upload: string, error: unknown) => void;
}

/** After these events what was said is uploaded: a step's, a sync's and an evaluation's pieces, each while the run goes on. */
const PIECE_ENDS: readonly RunEvent["type"][] = ["rollout.finished", "sync.finished", "evaluation.finished", "baseline.finished"];
const PROGRESS_SECONDS = 10;
/** Retries of the first file, in place of the run's own: 75 s for a store that is restarted, or learns of a rotated key. */
const FIRST_RETRIES = 9;

/**
 * Keeps what a run leaves somewhere that outlives its pod, node and cluster: what it says, the traces of its episodes,
 * and at each evaluation and at the end its adapter with the trainer's checkpoint. It listens to the run's output; the loop
 * neither knows nor waits for it.
 */
export class Results {
  readonly #options: ResultsOptions;
  readonly #uploads: Uploads;
  readonly #folder: string;
  #begun = false;
  #piece = 0;
  #lines: string[] = [];
  #traces: TraceBatch | null = null;
  /** Newest adapter version that is heard of, and the newest that is kept or under way. */
  #version = { heard: 0, taken: 0 };
  #checkpoint: string | null = null;

  constructor(options: ResultsOptions) {
    const { spec, runKey, bucket, onFailure, pod, startedAt } = options;
    this.#options = options;
    this.#folder = podFolder(startedAt, pod);
    this.#uploads = new Uploads(bucket, { runKey, retries: spec.guards.maxRetries, onFailure });
  }

  /** The run's output, listened to. */
  listen(out: NodeJS.WritableStream): NodeJS.WritableStream {
    return new LineTee(out, (line) => this.#hear(line));
  }

  /**
   * Keeps the first file. Throws a ConfigError or a RunFailure when that can't be done: before a GPU has worked an hour for
   * results that nobody could keep.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { bucket, spec, runKey, onFailure, firstRetries = FIRST_RETRIES } = this.#options;
    const passing = (error: unknown) => isPassing(error) || (error instanceof HttpError && error.status === 401);
    const first = new Uploads(bucket, { runKey, retries: firstRetries, passing, onFailure });
    try {
      await first.now(upload("run", [[RUN_FILE, `${JSON.stringify(spec, null, 2)}\n`]]), signal);
    } catch (error) {
      if (signal.aborted || error instanceof ConfigError) throw error;
      throw new RunFailure(`what the run leaves can't be kept: ${(error as Error).message}`, `look at ${bucket.name}; for a run that keeps nothing remove results from the stack's settings. Then start a new attempt`, { cause: error });
    }
    this.#begun = true;
  }

  /** Keeps the trace of an episode that was played, with what is said next. */
  trace(trace: unknown): void {
    (this.#traces ??= new TraceBatch()).add(trace);
  }

  /** Keeps the newest adapter and checkpoint, and waits so many seconds at most until everything so far is kept; says now and then for how much. */
  async settle(seconds: number, say: (line: string) => Promise<void>): Promise<void> {
    this.#keepState();
    this.#keepPiece();
    const progress = setInterval(() => void say(`waiting for ${this.#uploads.open} uploads of results`), PROGRESS_SECONDS * 1000);
    await this.#uploads.settle(seconds).finally(() => clearInterval(progress));
  }

  /**
   * Keeps the last words and the newest adapter and checkpoint, and waits so many seconds at most until everything is kept.
   * Returns the names of uploads that are not.
   */
  async end(seconds: number): Promise<string[]> {
    const { bucket, trainer } = this.#options;
    if (this.#begun) {
      this.#keepState();
      this.#keepPiece();
    }
    const lost = await this.#uploads.end(seconds);
    bucket.close();
    trainer.close();
    return lost;
  }

  #hear(line: string): void {
    this.#lines.push(line);
    if (!line.startsWith('{"v":1,')) return;
    const event = JSON.parse(line) as RunEvent;
    if (event.type === "step.finished") this.#version.heard = event.adapter.version;
    if (event.type === "evaluation.finished") this.#keepState();
    if (PIECE_ENDS.includes(event.type)) this.#keepPiece();
  }

  #keepPiece(): void {
    if (!this.#begun || (this.#lines.length === 0 && this.#traces === null)) return;
    const [lines, traces, piece] = [`${this.#lines.join("\n")}\n`, this.#traces, ++this.#piece];
    [this.#lines, this.#traces] = [[], null];
    this.#uploads.add({
      name: `log-${this.#folder}-${piece}`,
      held: lines.length + (traces?.size ?? 0),
      files: async () => [
        { path: logFile(this.#folder, piece), content: contentOf(lines) },
        ...(traces === null ? [] : [{ path: traceFile(this.#folder, piece), content: contentOf(await traces.finish()) }]),
      ],
    });
  }

  /** Version 0 has no effect, and is not kept. */
  #keepState(): void {
    const version = this.#version.heard;
    if (!this.#begun || version <= this.#version.taken) return;
    this.#version.taken = version;
    const { trainer, bucket, runKey } = this.#options;
    this.#uploads.add({
      name: `adapter-v${version}`, held: 0,
      files: async (signal) => (await trainer.adapter(version, signal)).map(({ name, content }) => ({ path: adapterFile(version, name), content })),
    });
    let newest = "";
    this.#uploads.add({
      name: "checkpoint", held: 0,
      files: async (signal) => (await trainer.checkpoint(signal)).map(({ name, content }) => ({ path: (newest = checkpointFile(name)), content })),
      // Only the newest is of use, and one may have gigabytes.
      afterwards: async (signal) => {
        const old = this.#checkpoint;
        this.#checkpoint = newest;
        // One that stays only takes room.
        if (old !== null && old !== newest) await bucket.remove(`${runKey}/${old}`, signal).catch(() => undefined);
      },
    });
  }
}

const upload = (name: string, files: [path: string, text: string][]) => ({
  name, held: 0, files: async () => files.map(([path, text]) => ({ path, content: contentOf(text) })),
});
